"""Suites against models: what is asked, how it is read and scored, and what is kept."""
