"""Rows in the formats that Axolotl trains on, written whole or not at all."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from harness.core.errors import ConfigError, OutsideError, Problem
from harness.core.samples import Json
from harness.data.formats import Shape, turn_list
from harness.data.packed import Unreadable, zstandard_module
from harness.data.rows import DataRow, Turn
from harness.data.turns import SHAREGPT_ROLES, as_json

Fields = dict[str, Json]
# Beside a format's own columns, these would be read as its own.
_MEANT = ("input", "system")


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A new file that is there once the block ends well, and never in part; packed where named .gz or .zst.

    Raises ConfigError where it exists already, and OutsideError where the disk refuses.
    """
    if path.exists():
        raise ConfigError(Problem("this file exists already.", str(path), hint="Name another, or remove it."))
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as raw:
            with _packing(raw, path.suffix.lower()) as file:
                yield file
            raw.flush()
            os.fsync(raw.fileno())
        _put(beside, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutsideError(f"cannot write {path}: {reason}. Free some space or make it writable.") from None
    finally:
        with suppress(OSError):
            beside.unlink()


def _put(beside: Path, path: Path) -> None:
    """Give a finished file its name, unless somebody else took it meanwhile."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise ConfigError(Problem("this file came into being meanwhile.", str(path), hint="Name another.")) from None
    except OSError:  # a disk without links
        os.replace(beside, path)


@contextmanager
def _packing(raw: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    if suffix == ".gz":
        # Neither name nor time, so that the same rows are the same bytes.
        with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
            yield packed  # type: ignore[misc]
    elif suffix == ".zst":
        try:
            compressor: Any = zstandard_module().ZstdCompressor()
        except Unreadable as error:
            raise ConfigError(f"the file is to be packed by Zstandard. {error.hint}") from None
        with compressor.stream_writer(raw, closefd=False) as packed:
            yield packed
    else:
        yield raw


def json_line(value: Mapping[str, Json]) -> bytes:
    """A row as a line of JSON Lines."""
    return as_json(value) + b"\n"


def chat(row: DataRow, shape: Shape) -> Fields:
    """`chat_template`: {"messages": [{"role", "content"}, …]}; what tool turns hold besides stays."""
    if row.format != "chat":
        return {"messages": [{"role": role, "content": content} for role, content in row.turns]}
    found = turn_list(row.value, shape.keys[0])
    turns: list[Any] = found if isinstance(found, list) else []
    if shape.keys[0] == "conversations":
        return {"messages": [_renamed(turn) for turn in turns]}
    return {"messages": [_without_nulls(turn) for turn in turns]}


def alpaca(row: DataRow, shape: Shape) -> Fields:
    """`alpaca`: {"instruction", "input", "output"}: one question, one answer and nothing before them."""
    system, question, answer = _single(row, "alpaca")
    if system:
        raise Unreadable("alpaca rows have no place for the system turn.", "Write alpaca_w_system or chat.")
    return {**_instruction(row, question), "output": answer}


def alpaca_w_system(row: DataRow, shape: Shape) -> Fields:
    """`alpaca_w_system`: as alpaca, with a "system" in every row, empty where a row has none."""
    system, question, answer = _single(row, "alpaca_w_system")
    return {"system": system, **_instruction(row, question), "output": answer}


def input_output(row: DataRow, shape: Shape) -> Fields:
    """`input_output`: {"segments": [{"label", "text"}, …]}: texts as they stand, the assistant's to be learnt.

    Neither a chat template nor an end token is added to them, so the texts must hold what the model needs of both.
    """
    if any(role in ("system", "tool") for role, _ in row.turns) or _calls(row):
        raise Unreadable("input_output rows have no roles, so no system or tool turns.", "Write chat.")
    return {"segments": [{"label": role == "assistant", "text": content} for role, content in row.turns]}


def completion(row: DataRow, shape: Shape) -> Fields:
    """`completion`: {"text"}: question and answer as one text, all of it learnt; it cannot be read back as rows."""
    system, question, answer = _single(row, "completion")
    return {"text": "\n".join(filter(None, (system, question, answer)))}


WRITERS: Mapping[str, Callable[[DataRow, Shape], Fields]] = {
    each.__name__: each for each in (chat, alpaca, alpaca_w_system, input_output, completion)
}


def fields(row: DataRow, shape: Shape, to: str) -> Fields:
    """A row in the format `to` (one of WRITERS), with the columns that the old format has no use for.

    Raises Unreadable where the format cannot hold the row.
    """
    made = WRITERS[to](row, shape)
    own = {*shape.keys, "input", "system"} if row.format in ("instruction", "response") else {*shape.keys}
    rest = {key: value for key, value in row.value.items() if key not in own}
    clash = [key for key in rest if key in made or (key in _MEANT and "instruction" in made)]
    if clash:
        raise Unreadable(f"the column '{clash[0]}' is taken by the format {to}.", "Give the column another name.")
    return {**rest, **made}


def _single(row: DataRow, to: str) -> tuple[str, str, str]:
    """System text, question and answer of a row that has one of each. Raises Unreadable."""
    turns: tuple[Turn, ...] = row.turns
    system = turns[0][1] if turns[0][0] == "system" else ""
    if [role for role, _ in turns if role != "system"] != ["user", "assistant"] or _calls(row):
        raise Unreadable(f"{to} rows hold one question and one answer; this has {len(turns)} turns.", "Write chat.")
    return system, row.input, row.target


def _instruction(row: DataRow, question: str) -> Fields:
    if row.format == "instruction":
        return {"instruction": row.value["instruction"], "input": row.value.get("input") or ""}
    return {"instruction": question, "input": ""}


def _calls(row: DataRow) -> bool:
    """Whether a turn calls a tool: only a chat row can say so."""
    turns = row.value.get("messages") if row.format == "chat" else None
    return isinstance(turns, list) and any(isinstance(turn, dict) and turn.get("tool_calls") for turn in turns)


def _renamed(turn: Mapping[str, Json]) -> Fields:
    role, text = SHAREGPT_ROLES[str(turn["from"])], turn["value"]
    return {"role": role, "content": text, **{key: turn[key] for key in turn if key not in ("from", "value")}}


def _without_nulls(turn: Mapping[str, Json]) -> Fields:
    return {key: value for key, value in turn.items() if value is not None or key == "content"}
