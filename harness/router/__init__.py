"""The address in front of production: it shares requests among versions, and loses none."""
