"""Checks of training rows, one file each."""
