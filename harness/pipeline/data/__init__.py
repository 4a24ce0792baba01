"""What `harness data` does, one file for each verb."""
