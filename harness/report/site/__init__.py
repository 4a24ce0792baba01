"""The pages of `harness view`: what the store holds, in words."""
