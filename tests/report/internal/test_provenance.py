"""From which bytes all this came."""

from __future__ import annotations

from dataclasses import replace

from harness.report.internal.provenance import provenance_tables
from harness.report.material import CANDIDATE
from tests.report import made
from tests.report.internal.reading import texts


def test_every_run_and_digest_is_there() -> None:
    tables = {table.caption: texts(table) for table in provenance_tables(made.material())}
    runs = made.runs()
    assert [row[1] for row in tables["Runs"]] == [run.id for role in runs for run in runs[role].values()]
    assert ["policy", made.decision().digests["policy"]] in tables["Decision"]
    assert ["triage.queue", runs[CANDIDATE]["triage"].task_digests["queue"]] in tables["Tasks"]
    assert ["best_step", "105"] in tables["The training run"]
    assert not {"history", "warnings"} & {row[0] for row in tables["The training run"]}


def test_one_server_is_told_once_and_another_apart() -> None:
    captions = [table.caption for table in provenance_tables(made.material())]
    assert captions.count("Server and versions") == 1
    runs = made.runs()
    runs["base"]["triage"] = replace(runs["base"]["triage"], server={"server": "tgi"})
    captions = [table.caption for table in provenance_tables(made.material(runs=runs))]
    assert "Server and versions of triage · base" in captions


def test_many_runs_are_cut_and_counted() -> None:
    one = made.runs()[CANDIDATE]["triage"]
    found = provenance_tables(made.material(runs={CANDIDATE: {f"suite {i}": one for i in range(250)}}))
    runs = next(table for table in found if table.caption == "Runs")
    assert len(runs.rows) == 200
    assert runs.note.replace("\u00a0", " ") == "50 more runs not shown; harness store query has them."
