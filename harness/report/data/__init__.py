"""The report on a release's data: numbers, then tables for a page and for a terminal."""
