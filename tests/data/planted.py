"""Two hundred faults of ten kinds, planted into the example's training rows by a seed: `plant(folder)`."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EACH = 20
QUEUES = ("billing", "shipping", "returns", "account", "technical", "other")
ENDS = ("Thanks!", "Please help.", "Cheers", "Many thanks", "Best regards")
NAMES = (
    "Ana Lima",
    "Bo Chen",
    "Mia Kurz",
    "Raj Patel",
    "Eva Novak",
    "Tom Reed",
    "Lea Blum",
    "Sam Cole",
    "Ida Berg",
    "Max Orr",
)
MOULDS = (
    ("My kettle of order NL-{n} came broken on {n} May and leaks, please refund it. {name}", "returns"),
    ("{name} here, invoice {n} of March was charged twice to my card, kindly pay one back", "billing"),
)
CARDS = ("4111 1111 1111 1111", "5555 5555 5555 4444", "3782 822463 10005")
BROKEN = ("Gruß für Käufer".encode().decode("latin-1"), "the caf\ufffd order", "a\u0000b and c\u0008d")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Planted:
    """The file, the kind of the fault in each faulty line, and the clean line that a copied one was made of."""

    file: Path
    faults: dict[int, str]
    sources: dict[int, int]

    def lines(self, kind: str) -> set[int]:
        return {line for line, found in self.faults.items() if found == kind}


def plant(folder: Path, seed: int = 6) -> Planted:
    """Write `rows.jsonl` with the faults."""
    rng = random.Random(seed)
    texts = [
        text for name in ("train", "validation") for text in (ROOT / f"data/{name}.jsonl").read_text().splitlines()
    ]
    rows: list[Row] = [{**json.loads(text), "fault": "", "of": None} for text in texts]
    for number, row in enumerate(rows):
        row["number"] = number
    for kind, change, wanted in (
        ("empty", lambda row, _: put(row, 2, ""), lambda row: True),
        ("json", lambda row, _: put(row, 2, answer(row)[: rng.randint(20, 60)].rstrip()), is_order),
        ("label", lambda row, n: put(row, 2, ("refunds", "Delivery", "spam", "tech")[n % 4]), is_triage),
        ("encoding", lambda row, n: put(row, 1, f"{question(row)} {BROKEN[n % 3]}"), lambda row: True),
        ("personal", lambda row, n: put(row, 1, f"{question(row)} My card is {CARDS[n % 3]}."), lambda row: True),
        ("spaces", lambda row, n: put(row, 2, answer(row) + (" ", "\n")[n % 2]), lambda row: True),
    ):
        _change(rows, rng, kind, change, wanted)
    copies = [*_copies(rows, rng), *_of_moulds()]
    for row in copies:
        rows.insert(rng.randint(0, len(rows)), row)
    return _written(folder / "rows.jsonl", rows)


def _change(rows: list[Row], rng: random.Random, kind: str, change: Callable[..., None], wanted: Any) -> None:
    for n, row in enumerate(rng.sample([row for row in rows if not row["fault"] and wanted(row)], EACH)):
        change(row, n)
        row["fault"] = kind


def _copies(rows: list[Row], rng: random.Random) -> list[Row]:
    clean = [row for row in rows if not row["fault"]]
    long = [row for row in clean if len(question(row).split()) >= 14]
    chosen = rng.sample(long, EACH)
    return [
        *(_copy(row, "exact", _restyled(question(row), n)) for n, row in enumerate(rng.sample(clean, EACH))),
        *(_copy(row, "near", _edited(question(row), n)) for n, row in enumerate(chosen)),
        *_contradictions([row for row in long if is_triage(row) and row not in chosen], rng),
    ]


def _contradictions(rows: list[Row], rng: random.Random) -> list[Row]:
    found = []
    for n, row in enumerate(rng.sample(rows, EACH)):
        text = question(row) if n % 2 else f"{question(row)} {ENDS[n % len(ENDS)]}"
        copy = _copy(row, "contradiction", text)
        put(copy, 2, rng.choice([queue for queue in QUEUES if queue != answer(row)]))
        found.append(copy)
    return found


def _of_moulds() -> list[Row]:
    found = []
    for text, label in MOULDS:
        for n, name in enumerate(NAMES):
            turns = [("system", SYSTEM), ("user", text.format(n=n * 7 + 3, name=name)), ("assistant", label)]
            messages = [{"role": role, "content": said} for role, said in turns]
            found.append({"messages": messages, "fault": "pattern", "of": None, "number": -1})
    return found


def _copy(row: Row, kind: str, text: str) -> Row:
    copy = deepcopy(row)
    put(copy, 1, text)
    return {**copy, "fault": kind, "of": row["number"], "number": -1}


def _restyled(text: str, n: int) -> str:
    """The same text to a reader: other case, other spaces, wide letters."""
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(ord("a"), ord("z") + 1)})
    return (text.upper() if "ß" not in text else text, "  ".join(text.split(" ")), text.translate(wide), text)[n % 4]


def _edited(text: str, n: int) -> str:
    """Almost the same text: a word more at the end or the start, or one less."""
    words = text.split()
    return (f"{text} {ENDS[n % len(ENDS)]}", f"Hello, {text}", " ".join(words[:-1]))[n % 3]


def _written(file: Path, rows: list[Row]) -> Planted:
    line_of = {row["number"]: line for line, row in enumerate(rows, 1)}
    faults = {line: row["fault"] for line, row in enumerate(rows, 1) if row["fault"]}
    sources = {line: line_of[row["of"]] for line, row in enumerate(rows, 1) if row["of"] is not None}
    values = [{"messages": row["messages"]} for row in rows]
    file.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")
    return Planted(file, faults, sources)


SYSTEM = "Which queue: billing, shipping, returns, account, technical or other?"


def question(row: Row) -> str:
    return str(row["messages"][1]["content"])


def answer(row: Row) -> str:
    return str(row["messages"][2]["content"])


def put(row: Row, turn: int, text: str) -> None:
    row["messages"][turn]["content"] = text


def is_triage(row: Row) -> bool:
    return bool(row["messages"][0]["content"] == SYSTEM)


def is_order(row: Row) -> bool:
    return answer(row).startswith("{")
