"""Asking a deployed model: TGI's API over HTTP, bounded, retried, each sample answered exactly once."""
