"""The special functions, loaded without their package."""

from __future__ import annotations

import subprocess
import sys

_BEFORE = """
import sys
from harness.stats import special
assert special.ndtri(0.975) == 1.959963984540054
assert "numpy.f2py" not in sys.modules and "scipy.special" not in sys.modules
import scipy.special, scipy.stats
assert scipy.special.ndtri is special.ndtri
assert abs(scipy.stats.norm.ppf(0.975) - special.ndtri(0.975)) < 1e-15
assert len(scipy.special.roots_legendre(3)) == 2
"""
_AFTER = """
import scipy.special
from harness.stats import special
assert special.betaincinv is scipy.special.betaincinv
"""


def test_the_package_is_not_loaded_and_can_be_loaded_later() -> None:
    subprocess.run([sys.executable, "-c", _BEFORE], check=True)


def test_functions_are_the_packages_own_where_that_is_loaded_already() -> None:
    subprocess.run([sys.executable, "-c", _AFTER], check=True)
