"""Arithmetic: results from observations, intervals, and verdicts from results. Exact throughout."""
