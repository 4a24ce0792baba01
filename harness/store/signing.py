"""Signed decisions: an in-toto statement in a DSSE envelope, by Ed25519 keys in PEM files."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.core.errors import ConfigError, Problem
from harness.store.files import write_lines

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:harness:decision:v1"
_WHICH = "Make one by `openssl genpkey -algorithm ed25519 -out key.pem`."


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs. The key shows in no text of this value."""

    key: Ed25519PrivateKey = field(repr=False)


def signer(path: Path) -> Signer:
    """The private key of a PEM file. Raises ConfigError where it is none that signs here."""
    data = _read(path, b"PRIVATE KEY", "private")
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(data, password=None)
    except TypeError:
        raise _wrong(path, "is a private key with a password, which cannot be given here.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _wrong(path, "is a private key that cannot be read.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _wrong(path, f"is no Ed25519 key. {_WHICH}")
    return Signer(key)


def verifier(path: Path) -> Ed25519PublicKey:
    """The public key of a PEM file. Raises ConfigError where it is none that is used here."""
    data = _read(path, b"PUBLIC KEY", "public")
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise _wrong(path, "is a public key that cannot be read.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise _wrong(path, f"is no Ed25519 key. {_WHICH}")
    return key


def is_exposed(path: Path) -> bool:
    """Whether others than the owner may read a key's file."""
    return bool(path.stat().st_mode & 0o077)


def sign(record: Mapping[str, Any], by: Signer) -> dict[str, Any]:
    """The envelope of a decision's record."""
    payload = json.dumps(_statement(record), sort_keys=True, ensure_ascii=False, allow_nan=False).encode()
    signature = {"keyid": _key_id(by.key.public_key()), "sig": _text(by.key.sign(_encoded(PAYLOAD, payload)))}
    return {"payloadType": PAYLOAD, "payload": _text(payload), "signatures": [signature]}


def write_signed(envelope: Mapping[str, Any], *paths: Path) -> None:
    """Write an envelope as one line of JSON. Raises OutsideError where the disk refuses."""
    for path in paths:
        write_lines(path, [json.dumps(envelope).encode() + b"\n"])


def drop_foreign(path: Path, record: Mapping[str, Any]) -> bool:
    """Remove the envelope of any other record than this one; whether there was one."""
    if not path.is_file():
        return False
    try:
        kind, payload, _ = _opened(path)
        if kind == PAYLOAD and json.loads(payload) == _statement(record):
            return False
    except (ConfigError, ValueError):
        pass
    path.unlink(missing_ok=True)
    return True


def check_signed(path: Path, record: Mapping[str, Any], key: Ed25519PublicKey) -> None:
    """Raises ConfigError where a file is no envelope, is not signed with the key, or states another decision."""
    from cryptography.exceptions import InvalidSignature

    kind, payload, signatures = _opened(path)
    if _key_id(key) not in signatures:
        raise _wrong(path, f"is not signed with this key, but with {', '.join(signatures) or 'none'}.")
    try:
        key.verify(signatures[_key_id(key)], _encoded(kind, payload))
    except InvalidSignature:
        raise _wrong(path, "was edited after it was signed: the signature does not fit what it says.") from None
    if kind != PAYLOAD or json.loads(payload) != _statement(record):
        raise _wrong(path, f"is the signature of another record than that of decision {str(record['id'])[:12]}.")


def _statement(record: Mapping[str, Any]) -> dict[str, Any]:
    """What is signed: the models that the decision is about, by the digests that it names, and all of its record."""
    subject = [
        {"name": name, "digest": {"sha256": record["candidate"][f"{name}_digest"]}}
        for name in ("adapter", "base")
        if record["candidate"].get(f"{name}_digest")
    ]
    return {"_type": STATEMENT, "subject": subject, "predicateType": PREDICATE, "predicate": dict(record)}


def _opened(path: Path) -> tuple[str, bytes, dict[str, bytes]]:
    """An envelope's payload type, payload, and signatures by the ids of their keys."""
    try:
        found = json.loads(path.read_bytes())
        signatures = {str(one["keyid"]): base64.b64decode(one["sig"], validate=True) for one in found["signatures"]}
        return str(found["payloadType"]), base64.b64decode(found["payload"], validate=True), signatures
    except FileNotFoundError:
        raise _wrong(path, "is not there, so the decision is not signed: `harness gate --sign KEY.pem` does.") from None
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise _wrong(path, "is no signed statement (a DSSE envelope).") from None


def _encoded(kind: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what the signature is over."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def _key_id(key: Ed25519PublicKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _read(path: Path, marker: bytes, kind: str) -> bytes:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise ConfigError("keys need the package 'cryptography': pip install 'harness[sign]'.") from None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}.") from None
    if b"-----BEGIN " not in data:
        raise _wrong(path, f"is no PEM file. {_WHICH}")
    if marker not in data:
        raise _wrong(path, f"holds no {kind} key.")
    return data


def _wrong(path: Path, message: str) -> ConfigError:
    return ConfigError(Problem(message, file=str(path)))
