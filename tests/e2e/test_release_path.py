"""The whole path, as a user walks it: train, gate, canary, router, production, back, and back again after kills."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.release_path import Answer, Router, harness, make_first, make_second, routed, seconds_in_all, start

pytest.importorskip("axolotl")
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 in production; version 2, another training, as canary of half of it."""
    folder = tmp_path_factory.mktemp("path")
    make_first(folder)
    done(folder, "gate")
    done(folder, "promote", "--to", "canary")
    refused = harness(folder, "route")
    assert refused.returncode == 2
    assert "nothing is in production" in refused.stderr
    done(folder, "promote", "--to", "production")
    make_second(folder)
    done(folder, "gate")
    done(folder, "promote", "--to", "canary", "--share", "0.5")
    return folder


@pytest.fixture(scope="module")
def router(project: Path) -> Iterator[Router]:
    """The router over that project, with both versions on one server."""
    with routed(project) as found:
        assert "v1 production, v2 canary (50%)" in found.table()
        yield found


@pytest.fixture(scope="module")
def words(router: Router) -> dict[str, str]:
    """What each version answers, by its name."""
    return {one.version: one.text for one in (router.ask(f"user {number}") for number in range(20))}


def done(folder: Path, *given: str) -> str:
    """What a command printed that has to succeed."""
    found = harness(folder, *given)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def in_production(folder: Path) -> list[str]:
    """The names of the versions in production, by the registry."""
    rows = json.loads(done(folder, "versions", "--json"))
    return [f"v{row['number']}" for row in rows if row["stage"] == "production"]


def test_the_canary_gets_its_users_and_answers_in_its_own_words(router: Router, words: dict[str, str]) -> None:
    assert words.keys() == {"v1", "v2"}
    assert words["v1"] != words["v2"]
    for user in ("ann", "bob", "cyd"):
        answers = {(one.version, one.text) for one in (router.ask(user) for _ in range(3))}
        assert len(answers) == 1, "a user stays with a version"
        assert answers <= set(words.items())


def test_too_few_requests_hold_the_canary(project: Path, router: Router) -> None:
    router.ask("ann")
    held = harness(project, "canary")
    assert held.returncode == 3, held.stdout + held.stderr
    assert "HOLD" in held.stdout


def test_no_request_is_lost_by_a_promotion_and_none_is_answered_by_the_old_one_after_it(
    project: Path, router: Router, words: dict[str, str]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        promotion = start(project, "promote", "--to", "production")
        answers = _ask_until_promoted(pool, router)
        switched = router.until("v2 production")
        answers += list(pool.map(router.ask, (f"late {number}" for number in range(40))))
    assert promotion.wait(60) == 0, (project / "started.txt").read_text()
    assert len(answers) >= 200
    assert {one.status for one in answers} == {200}
    assert all(words[one.version] == one.text for one in answers), "each in the words of the version that it names"
    assert {one.version for one in answers} == {"v1", "v2"}
    assert {one.version for one in answers if one.began > switched} == {"v2"}


def _ask_until_promoted(pool: ThreadPoolExecutor, router: Router) -> list[Answer]:
    answers: list[Answer] = []
    while len(answers) < 160 or "v2 production" not in router.table():
        answers += pool.map(router.ask, (f"user {number}" for number in range(16)))
    return answers


def test_a_rollback_tells_its_time_and_the_router_follows(project: Path, router: Router, words: dict[str, str]) -> None:
    said = done(project, "rollback", "--note", "complaints")
    router.until("v1 production")
    assert 0 < seconds_in_all(said) < 60
    answers = [router.ask(f"user {number}") for number in range(8)]
    assert {(one.version, one.text) for one in answers} == {("v1", words["v1"])}
    assert in_production(project) == ["v1"]


def test_the_registry_tells_both_versions_apart(project: Path, router: Router) -> None:
    listed = done(project, "versions")
    assert [line.split()[:2] for line in listed.splitlines()[1:]] == [["v2", "archived"], ["v1", "production"]]
    shown = done(project, "show", "v2")
    assert "complaints" in done(project, "show", "v1")
    assert all(word in shown for word in ("canary", "production", "seed", "PASS"))
    told = json.loads(done(project, "diff", "v1", "v2", "--json"))
    assert told["rows"]["data"]["changed"] == 64
    assert told["settings"] == {}, "only the rows are others (registry/test_show has settings)"
    card = Path(done(project, "card", "v2").strip()).read_text()
    assert "library_name: peft" in card
    assert "errors.rate" in card
    assert str(project) not in card


@pytest.mark.parametrize(
    ("wanted", "command"), [("v2", ("promote", "--version", "v2", "--to", "production")), ("v1", ("rollback",))]
)
def test_kills_leave_one_version_in_production_and_the_router_at_it(
    project: Path, router: Router, words: dict[str, str], wanted: str, command: tuple[str, ...]
) -> None:
    chosen = random.Random(7)
    for _ in range(4):
        killed = start(project, *command)
        time.sleep(chosen.uniform(0.3, 2.0))
        killed.kill()
        killed.wait()
        (now,) = in_production(project)
        router.until(f"{now} production")
        if now == wanted:
            break
    else:
        done(project, *command)
    router.until(f"{wanted} production")
    answer = router.ask("anyone")
    assert (answer.version, answer.text) == (wanted, words[wanted])
