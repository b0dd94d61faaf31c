"""What to run (matrix) and how to run it (runner)."""
