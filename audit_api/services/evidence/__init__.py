"""Photos, the signed log, and copies that prove themselves."""
