"""Metrics: one number for each sample. Aggregates and intervals are made from them in `stats`."""
