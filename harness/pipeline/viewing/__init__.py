"""A read-only site over the store, on this machine alone."""
