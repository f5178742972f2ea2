"""Groups of the console script `audit-api`."""
