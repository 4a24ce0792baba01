"""The figures, their limits, and the file they end in."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import NotHere

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """A name, the module whose `measure()` gives it, and its limit: the most it may be, or the least (`at_least`)."""

    name: str
    module: str
    unit: str
    limit: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Whether the value keeps within the limit."""
        return value >= self.limit if self.at_least else value <= self.limit


FIGURES = (
    Figure("run_overhead_ratio", "overhead", "times the bare client's wall time", 1.6),
    Figure("faulty_server_request_ratio", "faults", "requests per sample", 1.35),
    Figure("run_100k_peak_mib", "scale", "MiB", 500),
    Figure("run_100k_vs_10k_time_ratio", "scale", "times the wall time", 11),
    Figure("resume_seconds", "resume", "s", 3),
    Figure("gate_1m_seconds", "gate", "s", 2.5),
    Figure("gate_1m_vs_100k_ratio", "gate", "times the wall time", 2),
    Figure("report_1k_seconds", "report", "s", 1.5),
    Figure("report_25k_seconds", "report", "s", 5),
    Figure("report_1k_mib", "report", "MiB", 3),
    Figure("report_25k_mib", "report", "MiB", 10),
    Figure("check_1m_seconds", "data_check", "s", 30),
    Figure("near_duplicates_1m_seconds", "near_duplicates", "s", 300),
    Figure("near_duplicates_vs_datasketch_ratio", "near_duplicates", "of datasketch's time", 0.5),
    Figure("contamination_seconds", "contamination", "s", 20),
    Figure("rollback_seconds", "rollback", "s", 1.0),
    Figure("pytest_plugin_ms", "pytest_plugin", "ms", 50),
    Figure("bootstrap_macro_f1_seconds", "macro_f1", "s", 0.5),
    Figure("local_server_ratio_32", "local_server", "of static batches' throughput", 0.8, at_least=True),
    Figure("router_p50_overhead_ms", "router", "ms", 2),
    Figure("router_throughput_ratio", "router", "of the stub's throughput", 0.3, at_least=True),
)


def measured(wanted: Iterable[str]) -> Iterator[tuple[Figure, float | NotHere]]:
    """The figures asked for, as they come, or why one cannot be measured; a module is run once for all its figures."""
    asked = [figure for figure in FIGURES if figure.name in set(wanted)]
    for module in dict.fromkeys(figure.module for figure in asked):
        found = _measure(module)
        for figure in (figure for figure in asked if figure.module == module):
            value = found if isinstance(found, NotHere) else found[figure.name]
            yield figure, value["value"] if isinstance(value, Mapping) else value


def _measure(module: str) -> Mapping[str, Any] | NotHere:
    """A number for each figure, or a mapping with its "value"."""
    try:
        return dict(importlib.import_module(f"benchmarks.{module}").measure())
    except NotHere as missing:
        return missing


def keep(figure: Figure, value: float, path: Path) -> None:
    """Put one figure into the file of results, beside those that stand there."""
    known = json.loads(path.read_text()) if path.exists() else {}
    known[figure.name] = {"value": round(value, 3), "unit": figure.unit, "limit": figure.limit}
    path.write_text(json.dumps(known, indent=1) + "\n")
