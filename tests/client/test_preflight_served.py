"""The pre-flight against the real local server, with a fingerprint that the real child computed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.client.preflight import BASE_ITSELF, Expected, Preflight, preflight
from harness.client.proof import PROVEN
from harness.client.tgi import TgiClient
from harness.core.errors import OutsideError
from harness.core.fingerprints import Fingerprint
from harness.launchers import environment
from harness.launchers._children import follow
from harness.servers.interface import Adapter, Artefacts
from harness.servers.local import Local
from tests.tiny import CHAT_TEMPLATE, make_tiny_adapter, make_tiny_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    # Importing torch and transformers warns about things that are not ours.
    pytest.mark.filterwarnings("ignore"),
]


@dataclass(frozen=True)
class Trained:
    """A tiny base model, a tiny adapter, and what the child recorded of the two."""

    root: Path
    base: Path
    adapter: Path
    expected: Expected


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    for package in ("torch", "peft", "fastapi"):
        pytest.importorskip(package)
    root = tmp_path_factory.mktemp("served")
    base = make_tiny_model(root / "base")
    adapter, out = make_tiny_adapter(base, root / "adapter", seed=1), root / "fingerprint.json"
    command = [sys.executable, "-P", "-m", "harness.trainers.axolotl.fingerprint"]
    command += [str(path) for path in (base, base, adapter, out)]
    env = environment(os.environ, track=False)
    log = root / "log"
    assert follow(command, env, log, lambda: None) == 0, log.read_text()
    fingerprint = Fingerprint.from_json(json.loads(out.read_text()))
    return Trained(root, base, adapter, Expected(True, fingerprint, None, None, "float32", True))


@contextmanager
def served(trained: Trained, base: Path, adapter: Path) -> Iterator[str]:
    artefacts = Artefacts(base, (Adapter("tuned", "digest", adapter),), trained.root / "server.log")
    with Local(threads=1).running(artefacts) as endpoint:
        assert endpoint.adapters == {"digest": "tuned"}
        assert endpoint.dtype == "float32"
        yield endpoint.url


def fly(url: str, adapter: str | None, expected: Expected) -> Preflight:
    async def main() -> Preflight:
        async with TgiClient(url) as client:
            return await preflight(client, adapter, expected)

    return asyncio.run(main())


def test_the_trained_adapter_and_its_base_pass_and_nothing_else(trained: Trained) -> None:
    with served(trained, trained.base, trained.adapter) as url:
        assert fly(url, "tuned", trained.expected) == Preflight(PROVEN, ())
        assert fly(url, None, replace(trained.expected, adapted=False)) == Preflight(BASE_ITSELF, ())
        with pytest.raises(OutsideError, match="nearer to the base model's than to the adapter's"):
            fly(url, None, trained.expected)
        with pytest.raises(OutsideError, match="nearer to the adapter's than to the base model's"):
            fly(url, "tuned", replace(trained.expected, adapted=False))
        with pytest.raises(OutsideError, match="gives no answer for the adapter 'other'"):
            fly(url, "other", trained.expected)


def test_another_adapter_under_the_same_name_is_refused(trained: Trained) -> None:
    other = make_tiny_adapter(trained.base, trained.root / "other", seed=2)
    with served(trained, trained.base, other) as url:
        with pytest.raises(OutsideError, match="for the adapter 'tuned' differ from those that training recorded"):
            fly(url, "tuned", trained.expected)
        assert fly(url, None, replace(trained.expected, adapted=False)).proven


def test_another_chat_template_is_refused(trained: Trained) -> None:
    base = trained.root / "other-template"
    shutil.copytree(trained.base, base)
    config = base / "tokenizer_config.json"
    settings = json.loads(config.read_text())
    settings["chat_template"] = CHAT_TEMPLATE.replace("'\n' + message['content']", "': ' + message['content']")
    assert settings["chat_template"] != CHAT_TEMPLATE
    config.write_text(json.dumps(settings))
    told = r"chat template gives other tokens .* at token 5 the server has"
    with served(trained, base, trained.adapter) as url, pytest.raises(OutsideError, match=told):
        fly(url, "tuned", trained.expected)


def test_other_base_weights_are_refused(trained: Trained) -> None:
    base = make_tiny_model(trained.root / "other-base", seed=9)
    with served(trained, base, trained.adapter) as url:
        for adapter in ("tuned", None):
            with pytest.raises(OutsideError, match="differ from those that training recorded"):
                fly(url, adapter, replace(trained.expected, adapted=adapter is not None))
