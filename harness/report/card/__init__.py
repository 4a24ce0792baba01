"""A version as a model card: README.md with the metadata that the Hub reads."""
