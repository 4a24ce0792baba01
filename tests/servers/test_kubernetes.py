"""A cluster behind kubectl: the exact commands, a port that is really forwarded, and nothing left of a trial."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.core.errors import OutsideError
from harness.servers.interface import Adapter, Artefacts
from harness.servers.kubernetes import Kubernetes
from tests.tgi_stub import Stub
from tests.waiting import until

PLACE = ["--context", "prod", "--namespace", "llm"]
NAME = "desk-0123456789ab"
REAL = shutil.which("kubectl")


@dataclass(frozen=True)
class Cluster:
    """The stand-in's folder, a server plug that calls it, and what is to be served."""

    folder: Path
    server: Kubernetes
    artefacts: Artefacts

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]

    @property
    def words(self) -> list[list[str]]:
        assert all(call["words"][:4] == PLACE for call in self.calls)
        return [call["words"][4:] for call in self.calls]

    def fails(self, *words: str) -> None:
        (self.folder / "fails").write_text("\n".join(words))


@pytest.fixture
def cluster(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    command = tmp_path / "bin/kubectl"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).parent / "kubectl_stub.py"}" "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("KUBECTL_STUB", str(tmp_path))
    (tmp_path / "target").write_text(stub.url.rpartition(":")[2])
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter/adapter_model.safetensors").write_text("weights")
    adapter = Adapter("candidate", "0123456789abcdef" * 4, tmp_path / "adapter")
    server = Kubernetes(context="prod", namespace="llm", name="desk", volume="models", base="llama", start=60.0)
    return Cluster(tmp_path, server, Artefacts(tmp_path, (adapter,), tmp_path / "logs/server.log"))


def test_a_trial_is_applied_awaited_forwarded_and_removed(cluster: Cluster) -> None:
    with cluster.server.running(cluster.artefacts) as endpoint:
        assert endpoint.adapters == {"0123456789abcdef" * 4: "candidate"}
        with urllib.request.urlopen(f"{endpoint.url}/info", timeout=60) as reply:
            assert json.load(reply)["model_id"] == "stub"
        assert endpoint.watch is not None
        assert endpoint.watch() is None
    assert cluster.words == [
        ["apply", "-f", "-"],
        ["rollout", "status", f"deployment/{NAME}", "--timeout=60s"],
        ["port-forward", "--address", "127.0.0.1", f"service/{NAME}", ":80"],
        ["logs", "-l", f"app.kubernetes.io/name={NAME}", "--all-containers", "--prefix", "--tail=10000"],
        ["delete", f"deployment/{NAME}", f"service/{NAME}", "--ignore-not-found", "--wait=false"],
    ]
    applied = list(yaml.safe_load_all(cluster.calls[0]["stdin"]))
    assert {one["metadata"]["name"] for one in applied} == {NAME}, "production's name is never touched"
    log = cluster.artefacts.log.read_text()
    assert "loading shards" in log
    assert "hf_abc" not in log


def test_the_forwarding_child_ends_with_the_block_and_its_death_is_told(cluster: Cluster) -> None:
    with cluster.server.running(cluster.artefacts) as endpoint:
        child = next(call["pid"] for call in cluster.calls if "port-forward" in call["words"])
        os.kill(child, 9)
        assert endpoint.watch is not None
        said = until(endpoint.watch)
    assert said.startswith("kubectl port-forward ended")
    with cluster.server.running(cluster.artefacts):
        child = [call["pid"] for call in cluster.calls if "port-forward" in call["words"]][-1]
        os.kill(child, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_rollout_that_fails_tells_the_pods_words_and_events_and_leaves_nothing(cluster: Cluster) -> None:
    cluster.fails("rollout status")
    with pytest.raises(OutsideError) as failed, cluster.server.running(cluster.artefacts):
        pass
    assert "`kubectl rollout status` failed: error: told to fail | second line" in str(failed.value)
    assert "Its pods' last words: [pod/desk/tgi] loading shards" in str(failed.value)
    assert "Events: FailedScheduling: 0/3 nodes have nvidia.com/gpu" in str(failed.value)
    assert "another service" not in str(failed.value)
    assert "hf_abc" not in str(failed.value)
    assert cluster.words[-1][0] == "delete"


def test_a_trial_that_cannot_be_removed_is_said(cluster: Cluster) -> None:
    cluster.fails("delete")
    told = f"trial deployment '{NAME}' may be left: `kubectl delete deployment/{NAME}` failed"
    with pytest.raises(OutsideError, match=told), cluster.server.running(cluster.artefacts):
        pass


def test_an_interrupt_removes_the_trial(cluster: Cluster) -> None:
    with pytest.raises(KeyboardInterrupt), cluster.server.running(cluster.artefacts):
        raise KeyboardInterrupt
    assert cluster.words[-1][0] == "delete"


def test_a_url_of_the_cluster_needs_no_forwarded_port(cluster: Cluster) -> None:
    server = replace(cluster.server, url="http://{name}.llm.svc/")
    with server.running(cluster.artefacts) as endpoint:
        assert endpoint.url == f"http://{NAME}.llm.svc"
    assert "port-forward" not in [words[0] for words in cluster.words]


def test_production_is_applied_and_rolled_back(cluster: Cluster) -> None:
    assert cluster.server.apply(cluster.artefacts.adapters) == "desk"
    assert cluster.server.rollback() == "desk"
    assert cluster.words == [
        ["apply", "-f", "-"],
        ["rollout", "status", "deployment/desk", "--timeout=60s"],
        ["rollout", "undo", "deployment/desk"],
        ["rollout", "status", "deployment/desk", "--timeout=60s"],
    ]
    kinds = [one["kind"] for one in yaml.safe_load_all(cluster.calls[0]["stdin"])]
    assert kinds == ["Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"]


def test_production_goes_back_where_the_new_pods_do_not_become_ready(cluster: Cluster) -> None:
    cluster.fails("rollout status")
    with pytest.raises(OutsideError, match="put back to the revision before"):
        cluster.server.apply(cluster.artefacts.adapters)
    assert cluster.words[-1] == ["rollout", "undo", "deployment/desk"]
    cluster.fails("rollout status", "rollout undo")
    with pytest.raises(OutsideError, match="could not be put back: `kubectl rollout undo` failed"):
        cluster.server.apply(cluster.artefacts.adapters)


def test_a_machine_without_kubectl_is_told_in_one_sentence(cluster: Cluster) -> None:
    with pytest.raises(OutsideError, match="needs the command 'no-such', which is not on the PATH"):
        replace(cluster.server, kubectl="no-such").apply(cluster.artefacts.adapters)


def test_the_identity_tells_what_changes_answers_and_not_how_many_pods_there_are(cluster: Cluster) -> None:
    told = cluster.server.identity()
    assert replace(cluster.server, replicas=3, queue=2, name="other").identity() == told
    for change in ({"image": "other"}, {"base": "other"}, {"quantize": "fp8"}, {"shards": 2}, {"volume": "other"}):
        assert replace(cluster.server, **change).identity() != told  # type: ignore[arg-type]


@pytest.mark.skipif(REAL is None, reason="needs the real kubectl, no cluster")
def test_the_real_kubectl_understands_every_command(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.server.running(cluster.artefacts):
        pass
    cluster.server.rollback()
    config = {
        "apiVersion": "v1", "kind": "Config", "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}], "users": [{"name": "u", "user": {}}],
    }  # fmt: skip
    (tmp_path / "config").write_text(json.dumps(config))
    for call in cluster.calls:
        done = subprocess.run(
            [str(REAL), *call["words"]], input=call["stdin"], capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "KUBECONFIG": str(tmp_path / "config"), "HOME": str(tmp_path)},
        )  # fmt: skip
        assert "127.0.0.1:9" in done.stderr, (call["words"], done.stderr)
        assert "refused" in done.stderr, (call["words"], done.stderr)
