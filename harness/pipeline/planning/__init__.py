"""What would run, and what each gate can come to: before anything is run."""
