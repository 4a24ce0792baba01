"""How fast harness is, beside what does nothing else. `python -m benchmarks` measures everything."""


class NotHere(Exception):
    """A figure cannot be measured on this machine; the message says what is missing."""
