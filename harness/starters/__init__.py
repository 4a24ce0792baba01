"""Starter projects, one folder for each task kind: `harness init` copies them."""
