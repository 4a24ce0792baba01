"""A decision in the formats that CI systems read."""
