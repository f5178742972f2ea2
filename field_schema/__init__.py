"""What tablet and server share: forms, standards, verdicts. Standard library only."""
