"""Perturbations of a sample's input that leave its right answer as it is. The file's name is the YAML name."""
