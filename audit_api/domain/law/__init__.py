"""Adopting and amending standards, and judging many at once."""
