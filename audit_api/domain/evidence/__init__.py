"""Receipts, signatures and the log."""
