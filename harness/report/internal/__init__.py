"""The internal edition: everything, for the engineer."""
