"""Papers: typeset, looked at, verified."""
