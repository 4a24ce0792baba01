"""How long `harness gate --no-report` takes on a million stored scores when nothing is to be run, and on a tenth.

Two runs of 25,000 samples (four classifications of eight classes, one extraction of eleven fields), twenty gates:
twelve rates, four macro-F1, four continuous scores; half of them compare with the base model.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks.work import run, stub, whole, write_project

SAMPLES, TIMES = 25_000, 5
LABELS = tuple(f"class{i}" for i in range(8))
FIELDS = tuple(f"field{i}" for i in range(11))
QUEUES = ("north", "east", "south", "west")


def measure() -> dict[str, Any]:
    """The seconds, with the range of five times; the ratio is of medians."""
    large, small = (_seconds(samples) for samples in (SAMPLES, SAMPLES // 10))
    middle = statistics.median(large)
    named = {"value": middle, "range": [min(large), max(large)], "times": TIMES}
    return {"gate_1m_seconds": named, "gate_1m_vs_100k_ratio": middle / statistics.median(small)}


def _seconds(samples: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder, stub() as server:
        release = project(Path(folder), server.url, samples)
        run(release)
        words = ("harness", "gate", "-q", "--no-report", "-f", str(release))
        judged = (0, 3)  # a tenth of the samples is too few for some of the gates
        whole(*words, codes=judged)
        _check(release, 40 * samples)
        return [whole(*words, codes=judged).seconds for _ in range(TIMES)]


def _check(release: Path, scores: int) -> None:
    """Raises RuntimeError unless about so many scores are stored."""
    import duckdb

    with contextlib.closing(duckdb.connect(str(release.parent / ".harness" / "store.duckdb"), read_only=True)) as store:
        found = store.execute("SELECT count(*) FROM scores").fetchall()[0][0]
    if not 0.99 * scores <= found <= 1.01 * scores:
        raise RuntimeError(f"{found} scores are stored, {scores} were wanted")


def project(root: Path, url: str, samples: int) -> Path:
    """A quarter of the samples are classified, the others extracted: about twenty scores a sample and model."""
    release = write_project(root, url, 1)
    each = round(samples * 0.0623)
    for number, queue in enumerate(QUEUES):
        _rows(root / f"{queue}.jsonl", each, number)
    _rows(root / "record.jsonl", samples - len(QUEUES) * each, None)
    record = {"type": "object", "properties": {name: {"type": "string"} for name in FIELDS}, "required": list(FIELDS)}
    common = {"target": "target", "prompt": {"user": "{{ text }}"}}
    tasks = {
        queue: {"kind": "classify", "labels": list(LABELS), "data": f"{queue}.jsonl", **common} for queue in QUEUES
    }
    tasks["record"] = {"kind": "extract", "schema": record, "data": "record.jsonl", **common}
    (root / "queue.yaml").write_text(yaml.safe_dump({"name": "desk", "tasks": tasks}))
    given = yaml.safe_load(release.read_text())
    release.write_text(yaml.safe_dump({**given, "baselines": {"base": {}}, "gates": _gates()}))
    return release


def _rows(path: Path, count: int, queue: int | None) -> None:
    with path.open("w") as file:
        for i in range(count):
            right = {name: f"value{(i + k) % 97}" for k, name in enumerate(FIELDS)}
            target: Any = right if queue is None else LABELS[i % 8]
            other: Any = {**right, "field3": "none", "field7": "value1"} if queue is None else LABELS[(i + 1) % 8]
            words = [one if isinstance(one, str) else json.dumps(one, separators=(",", ":")) for one in (other, target)]
            text = f"Message {i} of {path.stem}: what is it about?\nor {words[0]} {words[1]}"
            file.write(json.dumps({"id": f"{path.stem}{i}", "text": text, "target": target}) + "\n")


def _gates() -> list[dict[str, Any]]:
    fields = [{"metric": "desk.record.field_accuracy", "field": name, "at_least": 0.5} for name in FIELDS[:6]]
    rates = [{"metric": f"desk.{queue}.accuracy", "against": "base", "margin": 0.02} for queue in QUEUES]
    rates += [{"metric": "desk.record.exact_match", "against": "base", "improves": True}]
    rates += [{"metric": "desk.record.format", "at_least": 0.9}]
    macro = [{"metric": f"desk.{queue}.macro_f1", "against": "base", "margin": 0.02} for queue in QUEUES[:2]]
    macro += [{"metric": f"desk.{queue}.macro_f1", "at_least": 0.5} for queue in QUEUES[2:]]
    names = ("partial_match", "field_accuracy")
    means = [{"metric": f"desk.record.{name}", "at_least": 0.5} for name in names]
    means += [{"metric": f"desk.record.{name}", "against": "base", "margin": 0.02} for name in names]
    return [*fields, *rates, *macro, *means]
