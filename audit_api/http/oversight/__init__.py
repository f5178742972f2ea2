"""What people of the office see and decide."""
