"""YAML to frozen values, with every problem named by file and line."""
