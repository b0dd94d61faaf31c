"""The plan: the official text read by code, the register made from it, and its discrepancies."""
