"""How the files of `checks` end: one that exits while it is imported is an error of its own, and ends no other."""

from __future__ import annotations

from collections.abc import Generator

import pytest


class Endings:
    """Registered in the process that makes hand-written checks."""

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """pytest lets SystemExit through, which would end the whole process with the file's own exit code."""
        try:
            return (yield)
        except SystemExit as end:
            text = f"E   the file exits while it is imported (SystemExit: {end.code})"
            return pytest.CollectReport(collector.nodeid, "failed", text, [])
