"""The outbox, webhooks and notices: tables and the queries on them."""
