"""Lines of a terminal."""

from __future__ import annotations

import textwrap
import unicodedata


def wrapped(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    """A text on lines of `width` columns at most, the first begun by `first`, the others by `others`.

    A sign of two columns (Chinese, full-width letters) counts as two, and so do all others of its text: what the
    terminal itself wrapped would begin in the margin, where only verdicts stand.
    """
    if any(unicodedata.east_asian_width(one) in "WF" for one in text if one > "\u1000"):
        indent = max(len(first), len(others))
        width = indent + max(1, (width - indent) // 2)
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=others)
