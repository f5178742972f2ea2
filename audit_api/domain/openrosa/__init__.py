"""What ODK Collect sends: XML read without trusting it, and turned into a tablet's operation."""
