"""SciPy's special functions by their own names.

Importing their package takes a third of a second, for what it brings along. They are in its compiled module, which is
loaded alone, on first use; where a SciPy has them elsewhere, the whole package is.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType
from typing import Any

_PACKAGE = "scipy.special"


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    found = _functions()
    return getattr(found, name) if hasattr(found, name) else getattr(importlib.import_module(_PACKAGE), name)


@cache
def _functions() -> ModuleType:
    compiled = None if _PACKAGE in sys.modules else _compiled()
    return compiled or importlib.import_module(_PACKAGE)


def _compiled() -> ModuleType | None:
    """The compiled module without its package's own code, for which an empty package stands in meanwhile."""
    import scipy

    stand_in = ModuleType(_PACKAGE)
    stand_in.__path__ = [f"{folder}/special" for folder in scipy.__path__]
    sys.modules[_PACKAGE] = stand_in
    try:
        return importlib.import_module(f"{_PACKAGE}._ufuncs")
    except ImportError:
        return None
    finally:
        del sys.modules[_PACKAGE]
