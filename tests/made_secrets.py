"""Texts that look like keys of each kind and open nothing: put together here, as scanners would take them for keys."""

from __future__ import annotations


def _letters(count: int, seed: int = 0) -> str:
    """Letters and digits without a pattern, as random keys have them."""
    alphabet = "Q7aZx3Vb9KdM2fLp8RtW5sYc4HgJn6Ue"
    return "".join(alphabet[(number * number * 7 + number * 3 + seed) % len(alphabet)] for number in range(count))


def key_block(seed: int = 0) -> str:
    """A private key in PEM."""
    lines = "\n".join(_letters(64, seed + line) for line in range(3))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n{_letters(22, seed)}==\n-----END RSA PRIVATE KEY-----"


def secrets(seed: int = 0) -> dict[str, str]:
    """A secret of each format, told apart by what it is; another seed gives others."""
    return {
        "hugging face": f"hf_{_letters(34, seed)}",
        "anthropic": f"sk-ant-api03-{_letters(40, seed)}-{_letters(40, seed)}_{_letters(13, seed)}AA",
        "openai": f"sk-{_letters(20, seed)}T3BlbkFJ{_letters(20, seed)}",
        "openai project": f"sk-proj-{_letters(60, seed)}_-{_letters(60, seed)}",
        "github": f"ghp_{_letters(36, seed)}",
        "github oauth": f"gho_{_letters(36, seed)}",
        "github app": f"ghs_{_letters(36, seed)}",
        "github fine": f"github_pat_{_letters(22, seed)}_{_letters(59, seed)}",
        "gitlab": f"glpat-{_letters(20, seed)}",
        "aws id": f"AKIA{_letters(16, seed).upper()}",
        "aws session id": f"ASIA{_letters(16, seed).upper()}",
        "google": f"AIza{_letters(35, seed)}",
        "slack bot": f"xoxb-{_letters(12, seed)}-{_letters(24, seed)}",
        "slack app": f"xapp-1-{_letters(11, seed)}-{_letters(64, seed)}",
        "stripe": f"sk_live_{_letters(24, seed)}",
        "stripe restricted": f"rk_live_{_letters(24, seed)}",
        "jwt": f"eyJ{_letters(20, seed)}.eyJ{_letters(60, seed)}.{_letters(43, seed)}",
        "key block": key_block(seed),
    }


def in_context(seed: int = 0) -> dict[str, tuple[str, str]]:
    """A text that holds a secret which only its surroundings tell, and the secret."""
    aws, basic, bearer, password = _letters(40, seed), _letters(24, seed), _letters(30, seed), _letters(11, seed)
    return {
        "aws secret": (f"aws_secret_access_key = {aws}", aws),
        "aws secret in json": (f'{{"SecretAccessKey": "{aws}"}}', aws),
        "header": (f"Authorization: Basic {basic}==", basic),
        "header in json": (f'"Authorization": "Bearer {bearer}"', bearer),
        "bearer alone": (f"curl -H 'bearer {bearer}'", bearer),
        "url": (f"postgresql://ada:{password}@db.example:5432/x", password),
    }
