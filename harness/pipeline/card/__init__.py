"""Model cards of versions, and where versions are pushed to."""
