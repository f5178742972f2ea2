"""Photos and the signed log."""
