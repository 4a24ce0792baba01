"""What keys look like: one pattern for each kind, in the order in which they are tried."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache

_SALT = b"harness/masked/1:"
_SPACE = re.compile(r"\\[nrt]|\s")

_URL_PART = r"[^\s/:@?#\"'<>\\\[\]]"


# Made when the first text needs it: all of them together take longer than many a command.
_compiled = cache(re.compile)


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` is one word, as a mask counts as one. `hint` is in small letters: the pattern is only tried on a text that
    has it. A group of it is the secret alone.

    Each pattern takes linear time: what repeats without bound gives nothing back (`++`), or ends the pattern.
    """

    name: str
    hint: str
    pattern: str

    def masked(self, text: str) -> str:
        """The text with each secret of this kind replaced."""
        return _compiled(self.pattern).sub(self._one, text)

    def _one(self, match: re.Match[str]) -> str:
        group = match.re.groups
        begin, end = (at - match.start() for at in match.span(group))
        return f"{match[0][:begin]}[masked:{self.name}:{_digits(match[group])}]{match[0][end:]}"


def _digits(secret: str) -> str:
    """The same for a key block on several lines and for its JSON form."""
    return hashlib.sha256(_SALT + _SPACE.sub("", secret).encode("utf-8", "replace")).hexdigest()[:6]


def _kinds(name: str, starts: str, rest: str) -> tuple[Kind, ...]:
    """A kind for each start. A key begins where no word goes on, or after a \\n as it is written in a model's JSON.

    The start stands first in the pattern, and is looked back over: so it is found at the speed of a plain search.
    """
    return tuple(
        Kind(name, start.lower(), rf"{start}(?:(?<![A-Za-z0-9_-]{start})|(?<=\\[nrt]{start})){rest}")
        for start in starts.split()
    )


# The narrower first. Each names where its maker describes the format.
KINDS = (
    # huggingface.co/docs/hub/security-tokens
    *_kinds("hf_token", "hf_", r"[A-Za-z0-9]{30,}"),
    # docs.anthropic.com/en/api/admin-api/apikeys: sk-ant-api03-…, sk-ant-admin01-…
    *_kinds("anthropic_key", "sk-ant-", r"[A-Za-z0-9_-]{20,}"),
    # platform.openai.com/docs/api-reference/authentication: sk-…, sk-proj-…; others make keys of this form, too
    *_kinds("sk_key", "sk-", r"(?=[A-Za-z_-]{0,80}[0-9])[A-Za-z0-9_-]{20,}"),
    # github.blog/engineering/behind-githubs-new-authentication-token-formats
    *_kinds("github_token", "ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9]{36,}"),
    *_kinds("github_token", "github_pat_", r"[A-Za-z0-9_]{40,}"),
    # docs.gitlab.com/security/tokens, "token prefixes"
    *_kinds("gitlab_token", "glpat- gldt- glrt- glptt-", r"[A-Za-z0-9_.-]{20,}"),
    # docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html, "unique ID prefixes"
    *_kinds("aws_key_id", "AKIA ASIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    # docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html; its 40 letters alone tell nothing
    Kind(
        "aws_secret",
        "secret",
        r"(?i:secret[_ -]?(?:access[_ -]?)?key)[\\\"']{0,4}\s{0,4}[:=]\s{0,4}[\\\"']{0,4}"
        r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    # cloud.google.com/docs/authentication/api-keys
    *_kinds("google_key", "AIza", r"[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    # docs.slack.dev/authentication/tokens
    *_kinds("slack_token", "xox", r"[abeoprs]-[A-Za-z0-9-]{10,}"),
    *_kinds("slack_token", "xapp-", r"[A-Za-z0-9-]{10,}"),
    # docs.stripe.com/keys
    *_kinds("stripe_key", "sk_live_ rk_live_ sk_test_ rk_test_", r"[A-Za-z0-9]{10,}"),
    # RFC 7519: three parts in base64url, of which the first two are JSON objects
    *_kinds("jwt", "eyJ", r"[A-Za-z0-9_-]{8,}+\.eyJ[A-Za-z0-9_-]{4,}+\.[A-Za-z0-9_-]*"),
    # RFC 7468; RFC 9580 for OpenPGP. One that was cut off goes as far as lines of base64 do.
    Kind(
        "private_key",
        "private key",
        r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:[^-\"]|-(?!----))*+-----END [A-Z0-9 ]{1,60}-----"
        r"|(?:(?:\s|\\[nrt])++[A-Za-z0-9+/=]{16,}+)*+)",
    ),
    # RFC 6750 and RFC 7617
    Kind(
        "authorization",
        "authorization",
        r"(?i:authorization[\\\"']{0,4}\s{0,4}[:=]\s{0,4}[\\\"']{0,4}(?:basic|bearer|token))\s{1,4}"
        r"([A-Za-z0-9._~+/-]{8,}+=*)",
    ),
    # The same without its header: what is no word of prose
    Kind(
        "authorization",
        "bearer",
        r"(?i:(?<![a-z0-9_-])bearer)\s{1,4}"
        r"((?=[A-Za-z._~+/-]{0,80}[0-9])[A-Za-z0-9._~+/-]{16,}+=*)",
    ),
    # RFC 3986, 3.2.1
    Kind("password", "://", rf"://{_URL_PART}{{0,200}}+:({_URL_PART}{{1,200}}+)@(?=[\w.\[-])"),
)
