"""Which of many texts are equal or nearly so: what a split keeps together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.data.minhash import Texts, common_wording, groups_of, links, near, sketch

# All pairs of a larger group would be too many: it counts as one text.
_MOST_IN_GROUP = 200

Ints = NDArray[np.int64]


def near_bonds(texts: Texts) -> tuple[Ints, list[tuple[int, int]]]:
    """A number for each text, equal for equal ones (after folding), and all pairs of numbers that are near.

    Texts near through others only are no pair: so one that joins two groups leaves both as they were.
    """
    places, first = texts.firsts()
    root = groups_of(links(texts), len(texts))[places]
    order = np.argsort(root, kind="stable")
    begins = np.flatnonzero(np.diff(root[order], prepend=-1))
    left, right = [], []
    for group in np.split(order, begins[1:]) if len(order) else ():
        if len(group) > _MOST_IN_GROUP:
            first = _as_one(first, places[group])
        elif len(group) > 1:
            one, other = np.triu_indices(len(group), 1)
            left.append(group[one])
            right.append(group[other])
    if not left:
        return first, []
    members = np.unique(np.concatenate([*left, *right]))
    common = common_wording(texts, places)
    signed = sketch(texts, places[members], common)
    at_left, at_right = (np.searchsorted(members, np.concatenate(side)) for side in (left, right))
    found = near(texts, signed, signed, at_left, at_right, common)
    return first, list(zip(found.left.tolist(), found.right.tolist(), strict=True))


def _as_one(first: Ints, group: Ints) -> Ints:
    return np.where(np.isin(first, group), group.min(), first)
