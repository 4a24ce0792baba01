"""The index of a release's reports."""
