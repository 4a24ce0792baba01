"""What people read of a decision: one HTML page, one terminal screen, one JSON record. Judges nothing."""
