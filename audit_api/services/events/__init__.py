"""Telling others what happened: webhooks and e-mail."""
