from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.embedded.packing import pack, same

prompts = st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=12), min_size=1, max_size=8)


@given(prompts, st.integers(0, 2))
def test_every_path_spells_its_prompt_and_every_prefix_is_there_once(rows: list[list[int]], start: int) -> None:
    rows = [[*rows[0][:start], *row] for row in rows]
    packed = pack(rows, start)
    columns = [*rows[0][:start], *packed.tokens]
    for row, path in zip(rows, packed.paths, strict=True):
        assert [columns[column] for column in path] == row
        for at in range(start, len(row)):
            new = path[at] - start
            assert packed.positions[new] == at
            assert packed.parents[new] == (path[at - 1] if at else -1)
    assert len(packed.tokens) == len({tuple(row[: at + 1]) for row in rows for at in range(start, len(row))})


@given(prompts)
def test_segments_cover_the_pack_and_end_their_paths(rows: list[list[int]]) -> None:
    packed = pack(rows)
    assert [i for one in packed.segments for i in range(one.first, one.stop)] == list(range(len(packed.tokens)))
    for one in packed.segments:
        assert list(one.path[len(one.path) - (one.stop - one.first) :]) == list(range(one.first, one.stop))


def test_what_two_prompts_share() -> None:
    assert [same([1, 2, 3], other) for other in ([1, 2], [1, 2, 4], [2], [])] == [2, 2, 0, 0]
