"""Versions: what they are made of, where they stand, and how they get there and back."""
