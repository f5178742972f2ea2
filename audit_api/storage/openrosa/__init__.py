"""What came from ODK Collect: instances, their files, and what was refused but kept."""
