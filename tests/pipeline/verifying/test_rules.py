"""A decision is judged again by its own rules, suites and code: others are named."""

from __future__ import annotations

import json
import shutil

import pytest

from harness.core.ids import digest_json
from tests.pipeline.release_project import Project
from tests.pipeline.verifying.records import Said, edit, record_file


def test_the_adapter_need_not_be_there(own: Project, said: Said) -> None:
    shutil.rmtree(own.root / "adapter")
    assert said()[0] == 0


def test_other_rules_today_do_not_matter_where_the_old_ones_were_kept(own: Project, said: Said) -> None:
    own.release["gates"][0]["at_least"] = 0.7
    own.write()
    assert said()[0] == 0
    own.state.declaration(own.record["id"]).unlink()
    code, text = said()
    assert code == 2
    assert "release.yaml is another than when it was decided" in text
    assert "the policy is another than when it was decided" in text
    assert "verdict" not in text


def test_a_record_cannot_bring_waivers_that_nobody_gave(
    own: Project, said: Said, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own.release["gates"][0]["at_least"] = 0.99
    own.write()
    waived = Project(tmp_path_factory.mktemp("waived"), own.release)
    shutil.copytree(own.root, waived.root, dirs_exist_ok=True)
    waiver = {"gate": "queue.accuracy:at_least", "owner": "Ana", "reason": "few rows", "largest_drop": 0.1,
              "expires": "2999-12-31"}  # fmt: skip
    (waived.root / "waivers.yaml").write_text(json.dumps({"version": 1, "waivers": [waiver]}))
    assert waived.gate() == 0
    record = str(record_file(waived))
    (waived.root / "waivers.yaml").unlink()
    assert waived.call("verify", record) == 0, "what was in force then is kept with the decision"
    shutil.copy(record, record_file(own))
    for words in ([], ["--bundles", str(own.state.state / "runs")]):
        code, text = said(*words)
        assert code == 2
        assert "waivers.yaml was there when it was decided, and is not now" in text


@pytest.mark.parametrize("where", ["store", "bundles"])
def test_a_decision_at_an_early_look_is_judged_as_such(own: Project, said: Said, where: str) -> None:
    shutil.rmtree(own.state.state)
    own.release["policy"]["looks"] = 2
    own.release["gates"][0]["at_least"] = 0.5
    del own.release["gates"][1]
    own.write()
    assert own.gate() == 0
    assert own.record["looks"] == [1, 2]
    words = ["--bundles", str(own.state.state / "runs")] if where == "bundles" else []
    code, text = said(*words)
    assert (code, "follows from its" in text) == (0, True), text
    edit(own, lambda record: record.update(looks=[2, 2]), seal=True)
    code, text = said(*words)
    assert code == 2
    assert "another version of the suite" in text


def test_a_suite_that_changed_is_named(own: Project, said: Said) -> None:
    own.suite["tasks"]["sort"]["prompt"]["user"] = "Sort: {{ text }}"
    own.write()
    code, text = said()
    assert code == 2
    assert "the suite queue is another than when it was decided" in text
    assert "policy" not in text


def test_metric_code_that_changed_is_named(own: Project, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.pipeline.judging.provenance.metric_code", lambda plug: digest_json(["other", plug]))
    code, text = said()
    assert code == 2
    assert "digests.metric accuracy: " in text
    assert own.call("promote", "--to", "dev") == 2
