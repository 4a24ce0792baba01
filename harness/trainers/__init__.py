"""Trainers: chat rows and a base model in, an adapter and its manifest out."""
