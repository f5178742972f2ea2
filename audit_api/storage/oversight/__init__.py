"""Cases, tasks, decisions, lists and acts."""
