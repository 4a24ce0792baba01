"""Pairs of keys as `openssl genpkey -algorithm ed25519` makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

PRIVATE, PUBLIC = "key.pem", "key.pub.pem"


def write_pair(folder: Path, key: Any = None, encryption: Any = None) -> None:
    """A private key that only its owner reads, and its public key."""
    key = key or Ed25519PrivateKey.generate()
    (folder / PRIVATE).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))
    (folder / PRIVATE).chmod(0o600)
    (folder / PUBLIC).write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
