"""Where versions stand follows from their moves: one at a time in production, and a rollback never comes back to what
was rolled back from."""

from __future__ import annotations

import pytest

from harness.core.versions import ARCHIVED, CANARY, DEV, PRODUCTION, STAGING, Move, Registry, Version

VERSIONS = tuple(Version(number, "r", f"a{number}", "b", f"d{number}", "now") for number in range(1, 6))


def registry(*moves: tuple[int, str] | tuple[int, str, str]) -> Registry:
    """Of moves as (version, stage) or (version, stage, why)."""
    made = (Move(at, "r", one[0], one[1], one[2] if len(one) == 3 else "promote", "d", "now")
            for at, one in enumerate(moves, start=1))  # fmt: skip
    return Registry(VERSIONS, tuple(made))


def number(version: Version | None) -> int | None:
    return version.number if version else None


def test_one_line_brings_one_version_in_and_the_other_out() -> None:
    found = registry((1, PRODUCTION), (2, PRODUCTION))
    assert [found.stage_of(one) for one in (1, 2, 3)] == [ARCHIVED, PRODUCTION, DEV]
    assert number(found.standing(PRODUCTION)) == 2
    assert number(found.before(PRODUCTION)) == 1


def test_several_versions_may_stand_in_staging() -> None:
    found = registry((1, STAGING), (2, STAGING))
    assert [found.stage_of(one) for one in (1, 2)] == [STAGING, STAGING]


def test_a_canary_that_another_one_replaced_does_not_come_back() -> None:
    found = registry((1, CANARY), (2, CANARY), (2, PRODUCTION))
    assert found.standing(CANARY) is None
    assert found.share() is None
    assert found.stage_of(1) == ARCHIVED


@pytest.mark.parametrize(
    ("moves", "now", "before"),
    [
        ([(1,), (2,), (3,), (2, "rollback")], 2, 1),
        ([(1,), (2,), (3,), (2, "rollback"), (1, "rollback")], 1, None),
        ([(1,), (2,), (3,), (2, "rollback"), (4,)], 4, 2),
        ([(1,), (2,), (3,), (1, "rollback"), (4,)], 4, 1),
        ([(1,), (2,), (1,)], 1, 2),
        ([(1,), (2,), (3,), (2, "rollback"), (3, "rollback")], 3, 1),
    ],
)  # fmt: skip
def test_a_rollback_goes_to_the_last_version_that_was_good(
    moves: list[tuple[int] | tuple[int, str]], now: int, before: int | None
) -> None:
    found = registry(*((one[0], PRODUCTION, one[1] if len(one) == 2 else "promote") for one in moves))
    assert number(found.standing(PRODUCTION)) == now
    assert number(found.before(PRODUCTION)) == before


def test_an_archived_version_is_not_gone_back_to() -> None:
    assert number(registry((1, PRODUCTION), (2, PRODUCTION), (3, PRODUCTION), (2, ARCHIVED)).before(PRODUCTION)) == 1


def test_the_canarys_share_is_that_of_its_last_move() -> None:
    moves = [Move(at, "r", 1, CANARY, "canary", "d", "now", share=share) for at, share in enumerate((0.05, 0.5))]
    assert Registry(VERSIONS, tuple(moves)).share() == 0.5


def test_nothing_ever_stood_there() -> None:
    found = registry((1, STAGING))
    assert found.standing(PRODUCTION) is None
    assert found.before(PRODUCTION) is None
    assert Registry().standing(PRODUCTION) is None
