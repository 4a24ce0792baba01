"""How long it takes to look for 5,000 samples in 100,000 training rows, some of which hold one."""

from __future__ import annotations

import random
import time

from benchmarks import NotHere
from benchmarks.near_duplicates import made_texts


def measure(rows: int = 100_000, samples: int = 5_000) -> dict[str, float]:
    """Seconds (wall) from rows in memory to hits; 300 rows hold a sample, changed in three ways."""
    from harness.data.contamination import Pool, Sought, hits
    from harness.data.rows import DataRow

    texts = made_texts(rows + samples, seed=5)
    draw = random.Random(6)
    taught, asked = texts[:rows], texts[rows:]
    for number, place in enumerate(draw.sample(range(rows), 300)):
        whole = asked[number]
        taught[place] = (whole, whole.replace(" ", "  ").upper() + "!", f"{texts[place]} {whole}")[number % 3]
    begin = time.perf_counter()
    pool = Pool()
    pool.add(DataRow("train.jsonl", line, "response", text, "billing", ()) for line, text in enumerate(taught, 1))
    found = hits(
        pool, [Sought("queue.sort", str(number), "input", "sample", text) for number, text in enumerate(asked)]
    )
    seconds = time.perf_counter() - begin
    if missed := {str(number) for number in range(300)} - {hit.sample for hit in found}:
        raise NotHere(f"{len(missed)} of 300 planted samples were not found")
    return {"contamination_seconds": seconds}
