"""SciPy's special functions by their own names. Importing SciPy takes half a second: only the first use does."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    import scipy.special

    return getattr(scipy.special, name)
