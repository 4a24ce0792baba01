"""Training rows: read in every format, checked, split, and held against the samples that judge."""
