"""The verbs of `harness data`, one file each."""
