"""Checks that somebody wrote in Python."""
