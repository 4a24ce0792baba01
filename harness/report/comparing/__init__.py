"""Two stored sides beside each other."""
