"""Trainings are told to MLflow and Weights & Biases, each by a child of its own: one that is down costs a warning."""
