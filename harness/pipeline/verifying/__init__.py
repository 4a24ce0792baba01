"""Whether a decision is as it was written and follows from its runs."""
