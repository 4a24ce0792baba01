"""A folder as a model repository of the Hub."""

from __future__ import annotations

import os
from pathlib import Path

from harness.base_models.refusals import TOKEN, refusal
from harness.core.errors import ConfigError, OutsideError


def upload(folder: Path, repository: str, private: bool, message: str) -> str:
    """All files of a folder in one commit, to a repository that is made where it is not there; gives its address.

    Raises ConfigError without HF_TOKEN, OutsideError where the Hub refuses or does not answer.
    """
    token = os.environ.get(TOKEN)
    if not token:
        raise ConfigError(f"{TOKEN} is not set: it has to hold a token that may write to {repository}.")
    from httpx import HTTPError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), token=token)
    try:
        there = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(repo_id=there.repo_id, folder_path=folder, commit_message=message)
    except (HfHubHTTPError, HTTPError, OSError) as error:
        said = refusal(error, repository)
        raise OutsideError(f"{repository} could not be pushed to the Hub: {said}.") from error
    return str(there)
