"""Task kinds: what a right answer is, and how to read it out of a model's text."""
