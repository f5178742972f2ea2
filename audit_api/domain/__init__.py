"""Server-only rules, pure: no Flask, SQLAlchemy, boto3 or Pillow."""
