"""The torture itself: that it finds nothing without a planted bug, and something with one."""
