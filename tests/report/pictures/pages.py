"""One picture of every kind with the names it is given, and what may stand in a picture."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.material import CANDIDATE
from harness.report.numbers import Confusion
from harness.report.page import Picture
from harness.report.past import PastPoint
from harness.report.pictures.confusion import confusion
from harness.report.pictures.costs import CostPoint, costs
from harness.report.pictures.differences import DifferenceRow, differences
from harness.report.pictures.history import history
from harness.report.pictures.intervals import IntervalRow, intervals
from harness.report.pictures.latency import latency
from harness.report.pictures.losses import losses
from harness.report.pictures.models import ModelRow, models
from harness.report.pictures.trend import trend

TAGS = {"svg", "g", "rect", "path", "line", "circle", "polyline", "polygon", "text"}
POINT = PastPoint(0.93, 0.91, 0.95, "PASS")


def gate(name: str, **changes: object) -> IntervalRow:
    """A gate that passes at 93 % against 90 %."""
    given = {
        "value": 0.93,
        "low": 0.91,
        "high": 0.95,
        "bound": 0.9,
        "value_text": "93.0 %",
        "bound_text": "at least 90 %",
    }
    return IntervalRow(name, **{"verdict": Verdict.PASS, **given, **changes})  # type: ignore[arg-type]


KINDS: dict[str, Callable[[str], Picture | None]] = {
    "intervals": lambda name: intervals([gate(name, value_text=name, bound_text=name), gate(name, value=None)]),
    "differences": lambda name: differences([DifferenceRow(name, name, 0.02, -0.01, 0.05, value_text=name)]),
    "models": lambda name: models(
        [ModelRow(name, CANDIDATE, 0.9, 0.8, None, value_text=name), ModelRow(name, name, 0.8, 0.7, 0.9)]
    ),
    "confusion": lambda name: confusion(Confusion((name, "b"), {(name, name): 3, ("b", None): 1, ("b", name): 2})),
    "losses": lambda name: losses([(1, 3.0), (2, 2.0)], [(2, 2.5)], 2),
    "latency": lambda name: latency({name: [0.1, 0.2, 0.3], CANDIDATE: [0.2, 0.4]}),
    "history": lambda name: history(name, [(name, POINT), (name + "2", POINT)], 0.9, words.percent),
    "trend": lambda name: trend(name, [POINT, POINT], words.percent),
    "costs": lambda name: costs([CostPoint(name, 0.4, 0.9, 0.8, 0.95), CostPoint(CANDIDATE, 0.2, 0.9)], name, name),
}


def parsed(picture: Picture) -> list[ElementTree.Element]:
    """Both drawings, as XML."""
    return [ElementTree.fromstring(str(drawn)) for drawn in (picture.wide, picture.narrow)]


def texts(picture: Picture) -> list[str]:
    """Every text of the wide drawing."""
    return [element.text or "" for element in parsed(picture)[0].iter("text")]
