"""Energy, memory and device of a training: known from a driver's own readings, or not known and why."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness.trainers import usage
from harness.trainers.energy import GpuPower, Meter, Rapl, Usage, cpu_model

SMI = """#!/bin/sh
echo "$@" > "$(dirname "$0")/asked"
while :; do echo "0, NVIDIA H200, 200.0"; echo "1, NVIDIA H200, 100.0"; sleep 0.05; done
"""


def powercap(root: Path, microjoules: int, zone: str = "intel-rapl:0", name: str = "package-0") -> Path:
    folder = root / zone
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text("1000000000\n")
    return root


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in that gives readings of two GPUs, and keeps what it was asked."""
    script = tmp_path / "bin" / "nvidia-smi"
    script.parent.mkdir()
    script.write_text(SMI)
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    return script


def test_a_reading_holds_until_the_next_of_the_same_gpu() -> None:
    times = iter([0.0, 0.0, 2.0, 3.0, 4.0])
    power = GpuPower(clock=lambda: next(times))
    for line in ("0, A, 100", "1, B, 50", "0, A, 300", "1, B, 50"):
        power.read(line)
    # GPU 0: 100 W for 2 s, 300 W for 2 s. GPU 1: 50 W for 4 s.
    assert power.total() == (100 * 2 + 300 * 2 + 50 * 4, "")


@pytest.mark.parametrize(
    ("lines", "seconds", "reason"),
    [
        (["0, A, [N/A]"], 0, "tells no power"),
        (["0, A, 100", "0, A, [Unknown Error]"], 1, "tells no power"),
        (["0, A, 100", "0, A, 100"], 60, "said nothing for 60 s"),
        ([], 0, "told nothing"),
    ],
)
def test_energy_that_was_not_told_is_not_known(lines: list[str], seconds: float, reason: str) -> None:
    now = -seconds

    def clock() -> float:
        nonlocal now
        now += seconds
        return now

    power = GpuPower(clock=clock)
    for line in lines:
        power.read(line)
    joules, why = power.total()
    assert joules is None
    assert reason in why


def test_a_driver_that_falls_silent_leaves_no_number() -> None:
    times = iter([0.0, 100.0])
    power = GpuPower(clock=lambda: next(times))
    power.read("0, A, 100")
    assert power.total() == (None, "nvidia-smi stopped telling the power")


def test_counters_of_the_processors_are_followed_across_their_end(tmp_path: Path) -> None:
    powercap(tmp_path, 999_000_000)
    powercap(tmp_path, 5, "intel-rapl:0:0", "core")  # part of the package
    rapl = Rapl(tmp_path)
    assert rapl.total() == 0
    powercap(tmp_path, 2_000_000)
    assert rapl.total() == pytest.approx(3.0)
    powercap(tmp_path, 4_500_000)
    assert rapl.total() == pytest.approx(5.5)


def test_a_meter_counts_gpus_and_processors_and_ends_its_child(smi: Path, tmp_path: Path) -> None:
    meter = Meter(gpus=True, environment={"CUDA_VISIBLE_DEVICES": "0,1"}, rapl=powercap(tmp_path / "cap", 0))
    time.sleep(0.6)
    powercap(tmp_path / "cap", 50_000_000)
    used = meter.usage(gpu_memory=2**30)
    assert meter._child is not None
    meter.stop()
    assert meter._child.poll() is not None
    assert used.device == "2 x NVIDIA H200"
    assert used.joules is not None
    assert 50 + 300 * 0.2 < used.joules < 50 + 300 * 2
    assert used.peak_memory is not None
    assert used.peak_memory > 2**30
    assert "--id=0,1" in (smi.parent / "asked").read_text()


def test_without_a_driver_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Meter(gpus=False, environment={}, rapl=tmp_path).usage() == Usage(
        cpu_model(), pytest.approx(Meter(gpus=False, rapl=tmp_path).usage().peak_memory), None,
        "no driver here tells the energy",
    )  # fmt: skip
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Meter(gpus=True, environment={}, rapl=tmp_path).usage().reason == "nvidia-smi is not here"


def test_one_of_several_machines_does_not_speak_for_all(tmp_path: Path) -> None:
    counters = powercap(tmp_path, 0)
    several = Meter(gpus=False, environment={"WORLD_SIZE": "16", "LOCAL_WORLD_SIZE": "8"}, rapl=counters).usage()
    assert several.joules is None
    assert "several machines" in several.reason
    assert (
        Meter(gpus=False, environment={"WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "8"}, rapl=counters).usage().joules == 0
    )


def test_attempts_add_up_and_the_last_note_of_each_counts(tmp_path: Path) -> None:
    for attempt, joules, memory in (("1", 10.0, 5), ("1", 30.0, 9), ("2", 4.0, 7)):
        usage.note(tmp_path, attempt, Usage("cpu", memory, joules))
    with (tmp_path / usage.FILE).open("a") as file:
        file.write('{"attempt": "2", "jou')  # killed while writing
    found = usage.used(tmp_path)
    assert found == {"device_name": "cpu", "peak_memory_bytes": 9, "energy_joules": 34.0, "energy_reason": ""}


def test_one_attempt_without_energy_leaves_none(tmp_path: Path) -> None:
    usage.note(tmp_path, "1", Usage("cpu", 5, 10.0))
    usage.note(tmp_path, "2", Usage("cpu", 5, None, "no driver"))
    assert (usage.used(tmp_path)["energy_joules"], usage.used(tmp_path)["energy_reason"]) == (None, "no driver")
    assert usage.used(tmp_path / "none")["energy_reason"] == usage.NOTHING
