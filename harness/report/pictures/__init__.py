"""Drawings for the pages: static SVG for a wide page and for a phone, coloured by the style sheet's variables."""
