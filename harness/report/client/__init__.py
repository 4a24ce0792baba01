"""The client's edition: the verdict and what stands behind it, in plain words."""
