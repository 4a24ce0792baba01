"""Files of every kind, good and bad: each row is given or named."""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
from pathlib import Path

import duckdb
import orjson
import pytest

from harness.config.rows import MAX_LINE_BYTES
from harness.data.read import BATCH, Reading, rows
from harness.data.rows import DataRow

zstandard = pytest.importorskip("zstandard")
LINE = b'{"text": "where is it", "label": "shipping"}\n'


def read(path: Path, **more: bool) -> tuple[list[DataRow], Reading]:
    reading = Reading()
    found = [row for batch in rows([path], [path.name], reading, **more) for row in batch]
    assert reading.rows[path.name] == len(found)
    return found, reading


def told(path: Path) -> list[str]:
    return [str(problem) for problem in read(path)[1].problems]


def put(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def parquet(path: Path, select: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


def test_rows_come_in_batches_of_one_file_with_their_lines(tmp_path: Path) -> None:
    one = put(tmp_path / "one.jsonl", LINE * (BATCH + 3))
    two = put(tmp_path / "two.jsonl", b"\n" + LINE)
    reading = Reading()
    batches = list(rows([one, two], ["one", "two"], reading))
    assert [len(batch) for batch in batches] == [BATCH, 3, 1]
    assert [(batch[-1].file, batch[-1].line) for batch in batches] == [("one", BATCH), ("one", BATCH + 3), ("two", 2)]
    assert reading.rows == {"one": BATCH + 3, "two": 1}
    assert not reading.problems


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
class TestPacked:
    def test_is_known_by_its_bytes_and_may_have_several_parts(self, pack, tmp_path: Path) -> None:
        found, reading = read(put(tmp_path / "rows.jsonl", pack(LINE * 2) + pack(LINE)))
        assert [row.line for row in found] == [1, 2, 3]
        assert not reading.problems

    def test_that_breaks_off_is_told(self, pack, tmp_path: Path) -> None:
        whole = pack(os.urandom(3000).hex().encode().join([b'{"text": "', b'", "label": "a"}\n']))
        assert "the packed file breaks off" in told(put(tmp_path / "rows.jsonl.gz", whole[:-20]))[0]

    def test_that_is_damaged_is_told(self, pack, tmp_path: Path) -> None:
        whole = bytearray(pack(b"".join(LINE[:-2] + b', "n": %d}\n' % n for n in range(5000))))
        for place in range(40, len(whole), 50):
            whole[place] ^= 0xFF
        assert "the packed file is damaged" in " ".join(told(put(tmp_path / "rows.jsonl", bytes(whole))))

    def test_csv_may_be_packed_too(self, pack, tmp_path: Path) -> None:
        found, _ = read(put(tmp_path / "rows.csv.gz", pack(b"text,label\na,b\n")))
        assert [(row.input, row.target) for row in found] == [("a", "b")]


def test_unreadable_rows_are_counted_and_the_first_ones_named(tmp_path: Path) -> None:
    path = put(tmp_path / "rows.jsonl", LINE + b"{broken\n" * 30 + LINE)
    found, reading = read(path)
    assert [row.line for row in found] == [1, 32]
    assert reading.unreadable == {"rows.jsonl": 30}
    assert str(reading.problems[0]).startswith("rows.jsonl:2: is not valid JSON")
    assert str(reading.problems[20]) == "rows.jsonl: and 10 more rows that cannot be read or written."
    assert len(reading.problems) == 21


def long_line(path: Path) -> Path:
    """A first line of 2 GiB, mostly a hole in the file, and a good one; packed, the first is of 192 MiB."""
    with path.open("wb") as raw:
        if path.suffix == ".zst":
            with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as file:
                for _ in range(192):
                    file.write(b"a" * (1 << 20))
                file.write(b"\n" + LINE)
        else:
            raw.seek(2 << 30)
            raw.write(b'"}\n' + LINE)
    return path


@pytest.mark.parametrize("name", [pytest.param("rows.jsonl", marks=pytest.mark.slow), "rows.jsonl.zst"])
def test_a_line_that_would_fill_the_memory_does_not(name: str, tmp_path: Path) -> None:
    path = long_line(tmp_path / name)
    script = (
        "import re, sys; from pathlib import Path; from harness.data.read import Reading, rows\n"
        "reading = Reading(); found = [r for b in rows([Path(sys.argv[1])], ['f'], reading) for r in b]\n"
        # not ru_maxrss, which a child has from the process that started it
        "peak = int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) >> 10\n"
        "print(found[0].line, reading.problems[0], peak)"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    line, *message, peak = ended.stdout.split()
    assert line == "2"
    assert " ".join(message) == f"f:1: the line is longer than {MAX_LINE_BYTES >> 20} MiB."
    assert int(peak) < 200


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.jsonl", b"", "is empty; it needs at least one row."),
        ("a.jsonl", b"\n \n", "is empty; it needs at least one row."),
        ("a.jsonl", b'[{"text": "a", "label": "b"}]', "a.jsonl:1: this is a JSON list. Write one object a line"),
        ("a.txt", LINE, "the name ends in '.txt', which tells no known format. JSON Lines (.jsonl)"),
        ("a.jsonl", b'{"text": "a", "text": "b", "label": "c"}\n', "a.jsonl:1: is not valid JSON: the key 'text'"),
        ("a.parquet", b"PAR1" + b"x" * 40, "this is no whole Parquet file"),
        ("a.parquet", LINE, "this is no whole Parquet file"),
        ("a.csv", b"text,label\n", "is empty; it needs at least one row."),
        ("a.csv", b"text\na\n", "a.csv:1: the first line must name the columns, at least two, but is: 'text'."),
        ("a.csv", b"text,label,text\na,b,c\n", "a.csv:1: the first line names the column 'text' twice."),
        ("a.csv", b"text,label;x\na,b\n", "a.csv:1: the first line holds a comma and a semicolon"),
        ("a.csv", b"text,label\na,b,c\n", "a.csv:2: the row has 3 cells, the header 2."),
        ("a.csv", b'text,label\n"a" b,c\n', "a.csv:2: a quote is astray. Close the quote"),
        (
            "a.csv",
            b'text,label\n"a,b\nc,d\n',
            "a.csv:2: a quote is not closed; the lines 2 to 3 were taken for one",
        ),
        ("a.csv", b"text,label\n\xff,b\n", "a.csv:2: byte 0xff is not UTF-8. Save the file as UTF-8."),
        ("a.csv", b"\xff\xfetext,label\n", "a.csv:1: byte 0xff is not UTF-8. Save the file as UTF-8."),
        ("a.csv", b"text,label\na\0,b\n", "a.csv:2: the line holds a NUL character."),
        ("a.csv", b"where is it,shipping\nand now,billing\n", "'where is it', 'shipping', which tells no format."),
    ],
)
def test_bad_files_are_told_in_one_sentence(name: str, data: bytes, message: str, tmp_path: Path) -> None:
    found, reading = read(put(tmp_path / name, data))
    assert found == []
    assert len(reading.problems) == 1
    assert message in str(reading.problems[0])


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    assert told(tmp_path / "none.jsonl") == ["none.jsonl: this file does not exist."]
    assert "this is a folder; a file of rows is needed." in told(tmp_path / "folder.jsonl")[0]
    assert "this is no ordinary file" in told(tmp_path / "pipe.jsonl")[0]


class TestCsv:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_the_separator_is_found(self, delimiter: str, tmp_path: Path) -> None:
        data = f'\ufefftext{delimiter}label\n"two\nlines, ""q""; so"{delimiter}b\n\nx{delimiter}c\n'
        found, reading = read(put(tmp_path / "rows.csv", data))
        assert not reading.problems
        assert [(row.line, row.input, row.label) for row in found] == [(2, 'two\nlines, "q"; so', "b"), (5, "x", "c")]

    def test_rows_after_a_bad_one_are_read(self, tmp_path: Path) -> None:
        found, reading = read(put(tmp_path / "rows.csv", 'text,label\n"a" b,c\nd,e\nf\ng,h\n'))
        assert [row.line for row in found] == [3, 5]
        assert [problem.line for problem in reading.problems] == [2, 4]

    def test_a_long_cell_is_read(self, tmp_path: Path) -> None:
        found, _ = read(put(tmp_path / "rows.csv", f"text,label\n{'a' * 500_000},b\n"))
        assert len(found[0].input) == 500_000

    def test_turns_may_stand_in_a_cell_as_json(self, tmp_path: Path) -> None:
        cell = '[{""role"":""user"",""content"":""q""},{""role"":""assistant"",""content"":""a""}]'
        found, _ = read(put(tmp_path / "rows.csv", f'id,messages\n1,"{cell}"\n2,none\n'))
        assert [(row.input, row.target) for row in found] == [("q", "a")]


class TestParquet:
    def test_nested_turns_and_dates(self, tmp_path: Path) -> None:
        turns = "[{role: 'user', content: 'q' || i}, {role: 'assistant', content: 'a'}]"
        select = f"SELECT i AS id, {turns} AS messages, DATE '2026-01-02' AS day, 1.50::DECIMAL(4, 2) AS price"
        found, reading = read(parquet(tmp_path / "rows[1].parquet", f"{select} FROM range(5000) t(i)"))
        assert not reading.problems
        assert [row.line for row in found] == list(range(1, 5001))
        assert (found[9].input, found[9].target, found[9].format) == ("q9", "a", "chat")
        assert (found[9].value["day"], found[9].value["price"]) == ("2026-01-02", "1.50")

    def test_odd_values_inside_are_text(self, tmp_path: Path) -> None:
        select = "SELECT 'q' AS text, 'a' AS label, {day: TIMESTAMP '2026-01-02 03:04:05'} AS more"
        found, _ = read(parquet(tmp_path / "rows.parquet", select))
        assert orjson.dumps(found[0].value["more"]) == b'{"day":"2026-01-02T03:04:05"}'

    def test_the_wrong_shape_is_told(self, tmp_path: Path) -> None:
        path = parquet(tmp_path / "rows.parquet", "SELECT 1 AS a, 2 AS b FROM range(100)")
        assert told(path)[0].startswith("rows.parquet:1: the rows have 'a', 'b', which tells no format. Known are chat")

    def test_columns_of_the_wrong_type_are_told_row_by_row(self, tmp_path: Path) -> None:
        path = parquet(tmp_path / "rows.parquet", "SELECT i AS text, 'b' AS label FROM range(50) t(i)")
        found, reading = read(path)
        assert found == []
        assert reading.unreadable == {"rows.parquet": 50}
        assert str(reading.problems[0]) == "rows.parquet:1: 'text' is not text."


def test_memory_stays_flat(tmp_path: Path) -> None:
    path = put(tmp_path / "rows.jsonl", LINE * 30_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reading = Reading()
    assert sum(len(batch) for batch in rows([path], ["f"], reading)) == 30_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 << 10
