"""One transaction's worth of work each: never commits, never builds JSON."""
