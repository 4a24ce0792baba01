"""Values, errors and ids. Imports nothing of the rest of the package."""
