"""What tablets send: read, merged, told apart."""
