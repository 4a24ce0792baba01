"""Metrics and keys that do not fit the rows are warned of at their lines."""

from __future__ import annotations

from harness.pipeline.validate import validate, warnings
from tests.projects import Project

SUITE = "suites/desk.yaml"


def said(project: Project) -> list[str]:
    return [text for text in warnings(validate(project.root / "release.yaml")) if text.startswith(SUITE)]


def line_of(project: Project, start: str) -> int:
    lines = (project.root / SUITE).read_text(encoding="utf-8").splitlines()
    return next(number for number, text in enumerate(lines, 1) if text.strip().startswith(start))


def test_rows_that_fit_are_not_warned_of(desk: Project) -> None:
    assert said(desk) == []


def test_bleu_of_texts_without_spaces_and_too_long_targets(desk: Project) -> None:
    desk.swap(SUITE, "      - {rouge_1: {stemmer: true}}\n", "      - bleu\n")
    path = desk.root / "data/summaries.jsonl"
    rows = path.read_text(encoding="utf-8").splitlines()
    desk.rows("data/summaries.jsonl", [
        {"id": f"z{i}", "text": f"text {i}", "target": "电热水壶坏了，客户要求退款"} for i in range(len(rows))
    ])  # fmt: skip
    long, bleu = said(desk)
    count = f"{len(rows)} of {len(rows)} targets"
    assert long.startswith(
        f"{SUITE}:{line_of(desk, 'max_words')}: warning: summary: {count} have more than 'max_words: 9'"
    )
    assert "each character counts" in long
    assert bleu.startswith(
        f"{SUITE}:{line_of(desk, '- bleu')}: warning: bleu of summary: {count} are in scripts without"
    )
    assert bleu.endswith("Write `tokenize: char`, or zh for Chinese.")


def test_a_format_that_is_not_checked_is_warned_of_at_the_schema(desk: Project) -> None:
    desk.swap(SUITE, 'order: {type: [string, "null"]}', 'order: {type: [string, "null"], format: order-number}')
    (warning,) = said(desk)
    assert warning.startswith(f"{SUITE}:{line_of(desk, 'schema')}: warning: orders: 'format: order-number' in 'schema'")
