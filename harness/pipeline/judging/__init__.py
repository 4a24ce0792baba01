"""From stored runs to a decision."""
