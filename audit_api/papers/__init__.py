"""Papers: what an office prints and files, typeset as PDF in a process of its own."""
