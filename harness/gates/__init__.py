"""Rules: pure functions from stored evidence to a finding. The file's name is the rule's key in release.yaml."""
