"""The progress file is read while it grows."""

from __future__ import annotations

import json
from pathlib import Path

from harness.trainers.axolotl.progress import ProgressFile


def test_every_line_is_told_with_the_time_left(tmp_path: Path) -> None:
    reader = ProgressFile(tmp_path / "p")
    lines = [{"time": step * 2.0, "phase": "train", "step": step, "steps": 5, "loss": 3.0 - step} for step in range(4)]
    (tmp_path / "p").write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = reader.news()
    assert [(news.phase, news.step, news.loss) for news in told] == [
        ("train", 0, 3.0),
        ("train", 1, 2.0),
        ("train", 2, 1.0),
        ("train", 3, 0.0),
    ]
    assert told[1].seconds_left is None  # one step is no pace
    assert told[-1].seconds_left == 4.0
    assert reader.world_size is None


def test_the_time_left_follows_the_recent_steps(tmp_path: Path) -> None:
    reader = ProgressFile(tmp_path / "p")
    times = [0.0, *(60.0 + 2 * step for step in range(12))]  # the first step took a minute, the others two seconds
    lines = [{"time": time, "phase": "train", "step": step, "steps": 20} for step, time in enumerate(times)]
    (tmp_path / "p").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert reader.news()[-1].seconds_left == 8 * 2.0


def test_old_lines_are_skipped_and_half_lines_wait(tmp_path: Path) -> None:
    path = tmp_path / "p"
    line = '{"time": 1, "phase": "train", "step": 5, "steps": 9, "world_size": 2}\n'
    path.write_text(line)
    reader = ProgressFile(path)
    with path.open("a") as file:
        file.write(line[:20])
        file.flush()
        assert reader.news() == []
        file.write(line[20:])
    assert [news.step for news in reader.news()] == [5]
    assert reader.news() == []
    assert reader.world_size == 2
