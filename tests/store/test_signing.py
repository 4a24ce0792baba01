"""A signature is over the whole record, by the one key; whatever is no key or no signature is told."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

from harness.core.errors import ConfigError
from harness.store.signing import check_signed, is_exposed, sign, signer, verifier, write_signed
from tests.store.keys import PRIVATE, PUBLIC, write_pair

RECORD = {"id": "abc" * 9, "verdict": "PASS", "candidate": {"adapter_digest": "a" * 64, "base_digest": "b" * 64}}


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    write_pair(tmp_path)
    path = tmp_path / "decision.intoto.json"
    write_signed(sign(RECORD, signer(tmp_path / PRIVATE)), path)
    return path


def check(path: Path, record: dict[str, Any]) -> None:
    check_signed(path, record, verifier(path.parent / PUBLIC))


def test_the_statement_is_in_toto_about_adapter_and_base(signed: Path) -> None:
    check(signed, RECORD)
    statement = json.loads(base64.b64decode(json.loads(signed.read_text())["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [
        {"name": "adapter", "digest": {"sha256": "a" * 64}}, {"name": "base", "digest": {"sha256": "b" * 64}},
    ]  # fmt: skip
    assert statement["predicate"] == RECORD


def test_openssl_finds_the_signature_right(signed: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl")
    envelope = json.loads(signed.read_text())
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    (signed.parent / "message").write_bytes(b"DSSEv1 28 " + kind + b" " + str(len(payload)).encode() + b" " + payload)
    (signed.parent / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    files = ["-inkey", PUBLIC, "-in", "message", "-sigfile", "signature"]
    done = subprocess.run(
        [openssl, "pkeyutl", "-verify", "-pubin", "-rawin", *files],
        cwd=signed.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_another_record_is_refused(signed: Path) -> None:
    with pytest.raises(ConfigError, match="another record"):
        check(signed, {**RECORD, "verdict": "FAIL"})


def test_an_edited_payload_is_refused(signed: Path) -> None:
    envelope = json.loads(signed.read_text())
    text = base64.b64decode(envelope["payload"]).replace(b"PASS", b"FAIL")
    signed.write_text(json.dumps({**envelope, "payload": base64.b64encode(text).decode()}))
    with pytest.raises(ConfigError, match="was edited after it was signed"):
        check(signed, {**RECORD, "verdict": "FAIL"})


def test_another_payload_type_is_refused(signed: Path) -> None:
    envelope = json.loads(signed.read_text())
    signed.write_text(json.dumps({**envelope, "payloadType": "text/plain"}))
    with pytest.raises(ConfigError, match="was edited after it was signed"):
        check(signed, RECORD)


def test_another_key_is_refused_even_under_the_first_ones_name(signed: Path) -> None:
    other = json.loads(signed.read_text())["signatures"][0]
    write_pair(signed.parent)
    with pytest.raises(ConfigError, match="is not signed with this key"):
        check(signed, RECORD)
    envelope = sign(RECORD, signer(signed.parent / PRIVATE))
    envelope["signatures"][0]["sig"] = other["sig"]
    write_signed(envelope, signed)
    with pytest.raises(ConfigError, match="does not fit"):
        check(signed, RECORD)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"payloadType": "a", "payload": "!", "signatures": []}', "null"])
def test_what_is_no_envelope_is_told(signed: Path, text: str) -> None:
    signed.write_text(text)
    with pytest.raises(ConfigError, match="is no signed statement"):
        check(signed, RECORD)


def test_an_envelope_without_signatures_is_not_signed(signed: Path) -> None:
    signed.write_text(json.dumps({**json.loads(signed.read_text()), "signatures": []}))
    with pytest.raises(ConfigError, match="is not signed with this key"):
        check(signed, RECORD)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"secret", "is no PEM file"),
        (b"", "is no PEM file"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "cannot be read"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no private key"),
    ],
)
def test_what_is_no_private_key_is_told_without_its_content(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / PRIVATE
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as raised:
        signer(path)
    assert str(path) in str(raised.value)
    assert "secret" not in str(raised.value)


def test_keys_of_other_kinds_are_told(tmp_path: Path) -> None:
    for key in (ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)):
        write_pair(tmp_path, key)
        with pytest.raises(ConfigError, match="is no Ed25519 key"):
            signer(tmp_path / PRIVATE)
        with pytest.raises(ConfigError, match="is no Ed25519 key"):
            verifier(tmp_path / PUBLIC)


def test_keys_the_wrong_way_round_are_told(tmp_path: Path) -> None:
    write_pair(tmp_path)
    with pytest.raises(ConfigError, match="holds no private key"):
        signer(tmp_path / PUBLIC)
    with pytest.raises(ConfigError, match="holds no public key"):
        verifier(tmp_path / PRIVATE)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        verifier(tmp_path / "none.pem")


def test_a_key_with_a_password_is_told(tmp_path: Path) -> None:
    write_pair(tmp_path, encryption=BestAvailableEncryption(b"word"))
    with pytest.raises(ConfigError, match="with a password"):
        signer(tmp_path / PRIVATE)


def test_the_key_shows_in_no_text(tmp_path: Path) -> None:
    write_pair(tmp_path)
    assert repr(signer(tmp_path / PRIVATE)) == "Signer()"


def test_a_key_that_others_can_read_is_exposed(tmp_path: Path) -> None:
    write_pair(tmp_path)
    assert not is_exposed(tmp_path / PRIVATE)
    (tmp_path / PRIVATE).chmod(0o640)
    assert is_exposed(tmp_path / PRIVATE)
