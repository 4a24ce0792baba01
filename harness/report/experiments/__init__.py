"""Several trainings side by side, and which of them goes on."""
