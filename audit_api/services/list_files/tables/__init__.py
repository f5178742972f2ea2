"""The columns of each list, in one place for every format."""
