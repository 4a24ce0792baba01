"""Two sides compared, in words: what the terminal and Markdown both say."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.estimates import Comparison, Unestimable
from harness.report import words
from harness.report.comparing.view import Compared, Confusions, MetricDifference, PartDifference, TaskComparison
from harness.report.guard import label

EXPLORATORY = (
    "* exploratory: of the parts marked so, at most {} are expected to differ by chance alone (Benjamini-Hochberg over "
    "all parts, shown or not). It is a pointer, and no verdict."
)
_PARTS = 12
_MOVED = 8


def head(compared: Compared) -> list[str]:
    """Who is compared, and how the numbers are to be read."""
    sides = [
        f"{name}  {side.word}: {side.what}; {side.model}"
        for name, side in (("A", compared.ours), ("B", compared.theirs))
    ]
    level = words.plain_share(1 - 2 * compared.alpha)
    return [
        *sides,
        f"Differences are by how much A is better than B, with the two-sided {level} interval.",
    ]


def metric_text(one: MetricDifference) -> str:
    """The metric's name, and its direction where its values read the other way round."""
    note = one.better_values.note
    return f"{one.metric} ({note})" if note else one.metric


def value_texts(one: MetricDifference) -> str:
    """Both sides' own numbers."""
    if one.values is None:
        return f"A {words.NOT_MEASURED}, B {words.NOT_MEASURED}"
    return f"A {words.percent(one.values[0])}, B {words.percent(one.values[1])}"


def difference_texts(one: MetricDifference) -> tuple[str, str, str]:
    """The difference, its interval and its method; where there is none, the reason in the place of the method."""
    found = one.evidence
    if isinstance(found, Comparison):
        limits = words.interval(found.low, found.high, words.points)
        return words.points(found.difference), limits, found.method
    return words.NOTHING, words.NOTHING, found.reason if isinstance(found, Unestimable) else "nothing to compare"


def interval_of(one: MetricDifference) -> str:
    """The difference with its interval and method on one line."""
    value, limits, method = difference_texts(one)
    return f"no difference known: {method}" if value == words.NOTHING else f"{value} ({limits}; {method})"


def moved_text(found: Confusions) -> str:
    """The confusions that moved most: `billing → other (0, 20)`."""
    shown = [
        f"{label(one.target, 24)} → {'no label' if one.answer is None else label(one.answer, 24)} "
        f"({one.counts[0]:,}, {one.counts[1]:,})"
        for one in found.moved[:_MOVED]
    ]
    more = len(found.moved) - _MOVED
    return ", ".join([*shown, *([f"{more} more"] if more > 0 else [])])


def tests_text(found: Confusions) -> str:
    """Whether the answers changed in one direction."""
    if found.bowker is None or found.stuart_maxwell is None:
        return f"the change of answers is not tested: {found.untested}"
    return (
        f"A's answers against B's: symmetry (Bowker) {p_text(found.bowker)}, "
        f"as many of each class (Stuart-Maxwell) {p_text(found.stuart_maxwell)}"
    )


def p_text(p: float | None) -> str:
    """p to three decimals, never rounded to 0."""
    return "p not known" if p is None else "p < 0.001" if p < 0.001 else f"p {p:.3f}"


def part_text(part: PartDifference) -> str:
    """One part on a line; a star where it stands out."""
    ours, theirs = part.values
    return (
        f"{'* ' if part.flagged else ''}{part.metric}[{label(part.part)}]  A {words.percent(ours)}, "
        f"B {words.percent(theirs)}  {words.points(part.difference)}, {words.count(part.samples, 'sample')}, "
        f"{p_text(part.p)}"
    )


def shown_parts(task: TaskComparison) -> Sequence[PartDifference]:
    """The parts that stand out, then those that come nearest to it; of equals, the one that fell most."""

    def rank(part: PartDifference) -> tuple[bool, float, float]:
        return not part.flagged, 2.0 if part.p is None else part.p, part.difference

    return sorted(task.parts, key=rank)[:_PARTS]
