"""The lives of violations, tasks and acts."""
