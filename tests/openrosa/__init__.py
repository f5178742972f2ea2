"""ODK Collect: what it downloads and hands in."""
