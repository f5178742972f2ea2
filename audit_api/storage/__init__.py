"""PostgreSQL and S3: table classes and the scoped queries on them."""
