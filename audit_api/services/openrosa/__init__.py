"""What ODK Collect hands in, taken in exactly once."""
