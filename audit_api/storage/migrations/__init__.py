"""Alembic migrations, run under an advisory lock."""
