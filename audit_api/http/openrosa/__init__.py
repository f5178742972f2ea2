"""What ODK Collect and KoboCollect speak, unmodified: OpenRosa under a key in the path."""
