"""Why the Hub said no, in one sentence that tells what to do."""

from __future__ import annotations

import os

TOKEN = "HF_TOKEN"


def refusal(error: Exception, repository: str) -> str:
    """What stands behind an error of huggingface_hub; a sentence without its full stop."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    status = getattr(getattr(error, "response", None), "status_code", None)
    has_token = bool(os.environ.get(TOKEN))
    if isinstance(error, GatedRepoError):
        then = f"make sure that {TOKEN} is of that account" if has_token else f"set {TOKEN} to a token of that account"
        return f"it is gated: accept its terms on the page of {repository} at the Hub, and {then}"
    if isinstance(error, RepositoryNotFoundError) or status in (401, 404):
        asked = f"check the name, and that {TOKEN} may see it" if has_token else f"check the name, or set {TOKEN}"
        return f"the Hub knows no such repository, or does not show it: {asked}"
    if status == 403:
        return f"the Hub does not allow it: {TOKEN} needs the right to do this in {repository}"
    said = str(error).strip().splitlines()
    return said[0].rstrip(".") if said else type(error).__name__
