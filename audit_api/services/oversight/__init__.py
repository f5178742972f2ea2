"""What the office decides and does about findings, tasks and tablets."""
