"""`make bench`: the shipped server on embedded services, beside raw psycopg, in one run."""
