"""`--sign` and `--key`: only the very record that the key's owner signed is verified and promoted."""

from __future__ import annotations

import json

import pytest

from tests.pipeline.release_project import Project
from tests.pipeline.verifying.records import Said, record_file
from tests.store.keys import PRIVATE, PUBLIC, write_pair


def test_a_signed_record_is_checked_with_the_key(own: Project, said: Said) -> None:
    code, text = said("--key", str(own.root / PUBLIC))
    assert (code, "is signed with this key" in text) == (0, True), text
    envelope = json.loads((record_file(own).with_name("decision.intoto.json")).read_text())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert PRIVATE not in json.dumps(envelope)


def test_the_signature_that_the_project_keeps_will_do(own: Project, said: Said) -> None:
    record_file(own).with_name("decision.intoto.json").write_text("{}")
    assert said("--key", str(own.root / PUBLIC))[0] == 0
    own.state.signature(own.record["id"]).unlink()
    assert said("--key", str(own.root / PUBLIC))[0] == 2


def test_another_key_is_refused(own: Project, said: Said) -> None:
    write_pair(own.root)
    code, text = said("--key", str(own.root / PUBLIC))
    assert code == 2
    assert "is not signed with this key" in text


def test_a_signature_does_not_cover_an_edited_record(own: Project, said: Said) -> None:
    record_file(own).write_text(json.dumps({**own.record, "decided": "2020-01-01T00:00:00+00:00"}))
    own.state.store.unlink()
    code, text = said("--key", str(own.root / PUBLIC), "--bundles", str(own.state.state / "runs"))
    assert code == 2
    assert "is the signature of another record" in text


def test_promotion_asks_for_the_signature_where_a_key_is_given(own: Project, capfd: pytest.CaptureFixture[str]) -> None:
    key = str(own.root / PUBLIC)
    assert own.call("promote", "--to", "dev", "--key", key) == 0
    signed = own.state.signature(own.record["id"])
    text = signed.read_text()
    signed.write_text(text.replace('"payload": "ey', '"payload": "eY'))
    assert own.call("promote", "--to", "dev", "--key", key) == 2
    assert "was edited after it was signed" in capfd.readouterr().err
    signed.unlink()
    assert own.call("promote", "--to", "dev", "--key", key) == 2
    assert "so the decision is not signed" in capfd.readouterr().err
    assert own.call("promote", "--to", "dev") == 0


def test_a_wrong_key_is_told_before_anything_runs(own: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert own.call("gate", "-q", "--sign", str(own.root / PUBLIC)) == 2
    assert "holds no private key" in capfd.readouterr().err


def test_a_key_that_others_can_read_is_warned_of(own: Project, capfd: pytest.CaptureFixture[str]) -> None:
    key = own.root / PRIVATE
    key.chmod(0o644)
    assert own.call("gate", "-q", "--no-report", "--sign", str(key)) == 0
    assert "others on this machine can read this private key" in capfd.readouterr().err
    key.chmod(0o600)
    assert own.call("gate", "-q", "--no-report", "--sign", str(key)) == 0
    assert "others on this machine" not in capfd.readouterr().err
