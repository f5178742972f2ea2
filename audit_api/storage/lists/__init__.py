"""What people read: scoped queries that build their JSON in the database."""
