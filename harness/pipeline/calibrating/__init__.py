"""How often the gates themselves err."""
