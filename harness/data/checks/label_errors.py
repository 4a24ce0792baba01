"""Likely label errors by confident learning (Northcutt, Jiang and Chuang 2021) with a plain linear model.

Each row is judged by a model that never saw it (five folds). A class's threshold is the mean probability that it gets
on its own rows; a row is named where another class passes its threshold and is likelier than the row's own.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.core.folding import casefolded
from harness.core.words import words
from harness.data.checks.interface import Setting
from harness.data.draw import Draw
from harness.data.findings import MOST_PLACES, DataFinding, RowPlace, Severity
from harness.data.rows import DataRow

MOST_READ = 50_000
FOLDS = 5
_MOST_PAIRS = 20
_MOST_TERMS = 20_000
_LONGEST = 2_000
_INSTALL = "Install it (`pip install scikit-learn`) to have labels looked at."

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Suspect:
    """The row at `place` in what was given, labelled `given`, is likelier `likely`. `margin` in (0, 1]."""

    place: int
    given: str
    likely: str
    margin: float


class Check:
    """Needs rows with labels; without them there is nothing to find."""

    def __init__(self, setting: Setting) -> None:
        self._classified = setting.kind == "classify"
        self._seed = setting.seed
        self._draw = Draw(MOST_READ, setting.seed)

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self._draw.look([row for row in rows if self._label(row)])

    def _label(self, row: DataRow) -> str:
        label = row.target if row.label is None and self._classified else row.label
        return (label or "").strip()

    def findings(self) -> Iterator[DataFinding]:
        """A finding for each pair of labels that are taken for each other, the commonest first."""
        rows = self._draw.rows
        labels = [self._label(row) for row in rows]
        common = {label for label, count in Counter(labels).items() if count >= FOLDS}
        known = [i for i, label in enumerate(labels) if label in common]
        if len(common) < 2:
            return
        try:
            found = suspects([rows[i].input for i in known], [labels[i] for i in known], self._seed)
        except ImportError:
            message = "Likely label errors were not looked for: scikit-learn is not installed."
            yield DataFinding("label_errors", Severity.NOTE, message, _INSTALL)
            return
        yield from self._told([rows[i] for i in known], found)
        if rare := sorted({*labels} - common):
            named = ", ".join(rare[:10]) + (", …" if len(rare) > 10 else "")
            message = f"Labels of fewer than {FOLDS} rows were not looked at for errors: {named}."
            yield DataFinding(
                "label_errors", Severity.NOTE, message, "Look at these rows by hand.", count=len(labels) - len(known)
            )

    def _told(self, rows: Sequence[DataRow], found: Sequence[Suspect]) -> Iterator[DataFinding]:
        pairs: dict[tuple[str, str], list[RowPlace]] = {}
        for one in found:
            pairs.setdefault((one.given, one.likely), []).append(RowPlace(rows[one.place].file, rows[one.place].line))
        order = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        drawn = f" of {self._draw.said}" if self._draw.seen > MOST_READ else ""
        for (given, likely), places in order[:_MOST_PAIRS]:
            row = "1 row" if len(places) == 1 else f"{len(places):,} rows"
            message = (
                f'{row}{drawn} labelled "{given}" may be "{likely}": a model of all the others takes them for that.'
            )
            if len(places) == 1:
                message = message.replace("takes them", "takes it")
            yield _warning(message, places)
        if rest := [place for _, places in order[_MOST_PAIRS:] for place in places]:
            yield _warning(f"{len(rest):,} more rows of {len(order) - _MOST_PAIRS:,} other pairs of labels.", rest)


def _warning(message: str, places: Sequence[RowPlace]) -> DataFinding:
    advice = "Look at the rows, the likeliest error first, and correct what is wrong."
    shown = tuple(places[:MOST_PLACES])
    return DataFinding("label_errors", Severity.WARNING, message, advice, shown, len(places))


def suspects(texts: Sequence[str], labels: Sequence[str], seed: int) -> list[Suspect]:
    """Rows whose label is likely wrong, the likeliest first.

    `texts` and `labels` are of equal length, each label of at least FOLDS rows, two labels or more. Raises ImportError
    without scikit-learn.
    """
    names, given = np.unique(np.array(labels, dtype=object).astype(str), return_inverse=True)
    p = _out_of_fold([text[:_LONGEST] for text in texts], given, seed)
    thresholds = np.array([p[given == k, k].mean() for k in range(len(names))])
    rows = np.arange(len(p))
    likely = np.where(p >= thresholds, p, -1.0).argmax(axis=1)
    margins = p[rows, likely] - p[rows, given]
    odd = np.flatnonzero((likely != given) & (margins > 0) & (p[rows, likely] >= thresholds[likely]))
    odd = odd[np.argsort(-margins[odd], kind="stable")]
    return [Suspect(int(i), str(names[given[i]]), str(names[likely[i]]), float(margins[i])) for i in odd]


def _out_of_fold(texts: Sequence[str], given: NDArray[np.int64], seed: int) -> Floats:
    """The probability of each class for each row (rows, classes), by a model of the other folds' rows.

    Rows of the same text fall into one fold: a model would else have seen the answer.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    found = np.zeros((len(texts), int(given.max()) + 1))
    folds = _folds(texts, given, seed)
    vectors = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=_MOST_TERMS, tokenizer=words, lowercase=False,
        token_pattern=None,
    )  # fmt: skip
    try:
        features = vectors.fit_transform(texts)
    except ValueError:  # no word in any text
        return np.full_like(found, 1 / found.shape[1])
    for fold in range(FOLDS):
        held = folds == fold
        if held.any() and len({*given[~held].tolist()}) > 1:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # near enough to rank rows
                model = LogisticRegression(C=10, max_iter=50, tol=1e-2).fit(features[~held], given[~held])
            found[np.ix_(held, model.classes_)] = model.predict_proba(features[held])
    return found


def _folds(texts: Sequence[str], given: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """A fold for each row: the texts of each class dealt out in turn after shuffling."""
    first: dict[str, int] = {}
    leaders = np.array([first.setdefault(casefolded(t), i) for i, t in enumerate(texts)])
    folds = np.zeros(len(texts), dtype=np.int64)
    own = np.flatnonzero(leaders == np.arange(len(texts)))
    order = np.random.default_rng(seed).permutation(own)
    order = order[np.argsort(given[order], kind="stable")]
    folds[order] = np.arange(len(order)) % FOLDS
    found: NDArray[np.int64] = folds[leaders]
    return found
