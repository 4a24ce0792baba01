"""How fast harness is, beside what does nothing else. `python -m benchmarks` measures everything."""
