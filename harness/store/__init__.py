"""Runs on disk: immutable bundles, and the DuckDB database that is made from them."""
