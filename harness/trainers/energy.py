"""What a training uses, measured where it runs: device, peak memory, and energy where a driver tells it.

Imports nothing but the standard library: it is loaded inside the training process, wherever that is.
"""

from __future__ import annotations

import os
import platform
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ASK = ("nvidia-smi", "--query-gpu=index,name,power.draw", "--format=csv,noheader,nounits", "--loop-ms=1000")
RAPL = Path("/sys/class/powercap")
SILENCE = 15.0  # seconds without a reading, after which the sum would be a guess
NO_DRIVER = "no driver here tells the energy"


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used so far. `joules` None: not known, for `reason`. Memory in bytes, of this process alone."""

    device: str
    peak_memory: int | None
    joules: float | None
    reason: str = ""


@dataclass(slots=True)
class GpuPower:
    """The energy of GPUs, summed up from the readings of their power that `nvidia-smi` gives each second."""

    clock: Callable[[], float] = time.monotonic
    names: dict[str, str] = field(default_factory=dict)
    joules: float = 0.0
    reason: str = ""
    _last: dict[str, tuple[float, float]] = field(default_factory=dict)

    def read(self, line: str) -> None:
        """Take a line `index, name, watts`. Each reading holds until the next one of the same GPU."""
        index, _, rest = line.partition(",")
        name, _, told = rest.rpartition(",")
        try:
            watts, now = float(told), self.clock()
        except ValueError:
            self.reason = "nvidia-smi tells no power of this GPU"
            return
        self.names[index.strip()] = name.strip()
        then, before = self._last.get(index, (now, watts))
        if now - then > SILENCE:
            self.reason = f"nvidia-smi said nothing for {now - then:.0f} s"
        self.joules += before * (now - then)
        self._last[index] = now, watts

    def total(self) -> tuple[float | None, str]:
        """Joules until now, or None with the reason."""
        now = self.clock()
        if not self._last:
            return None, self.reason or "nvidia-smi told nothing"
        if any(now - then > SILENCE for then, _ in self._last.values()):
            return None, self.reason or "nvidia-smi stopped telling the power"
        if self.reason:
            return None, self.reason
        return self.joules + sum(watts * (now - then) for then, watts in self._last.values()), ""


@dataclass(slots=True)
class Rapl:
    """The energy of the machine's processors, by Intel's and AMD's counters (microjoules that begin anew)."""

    root: Path = RAPL
    joules: float = 0.0
    _last: dict[Path, int] = field(default_factory=dict)

    def total(self) -> float | None:
        """Joules since the first call (which gives 0); None where there are no counters, or they may not be read."""
        counters = list(self._counters())
        try:
            read = {counter: int((counter / "energy_uj").read_text()) for counter in counters}
            self.joules += sum(self._since(counter, value) for counter, value in read.items()) / 1e6
        except (OSError, ValueError):
            return None
        self._last = read
        return self.joules if read else None

    def _counters(self) -> Iterator[Path]:
        for found in sorted(self.root.glob("intel-rapl:*")):
            name = found / "name"
            if found.name.count(":") == 1 and name.is_file() and name.read_text().startswith("package"):
                yield found

    def _since(self, counter: Path, value: int) -> int:
        before = self._last.get(counter, value)
        return (
            value - before if value >= before else value - before + int((counter / "max_energy_range_uj").read_text())
        )


class Meter:
    """Measures from its making on. With `gpus` it counts the visible GPUs, too, by a child that `stop` ends."""

    def __init__(self, gpus: bool, environment: Mapping[str, str] = os.environ, rapl: Path = RAPL) -> None:
        self._gpus = GpuPower() if gpus else None
        self._rapl = Rapl(rapl)
        self._rapl.total()
        self._several = environment.get("WORLD_SIZE", "1") != environment.get("LOCAL_WORLD_SIZE", "1")
        self._child: subprocess.Popen[str] | None = None
        if self._gpus:
            self._start(self._gpus, environment.get("CUDA_VISIBLE_DEVICES", ""))

    def _start(self, gpus: GpuPower, visible: str) -> None:
        only = (f"--id={visible}",) if visible else ()
        try:
            self._child = subprocess.Popen([*ASK, *only], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        except OSError:
            gpus.reason = "nvidia-smi is not here"
            return
        self._follower = threading.Thread(target=_follow, args=(self._child, gpus), daemon=True)
        self._follower.start()

    def usage(self, gpu_memory: int = 0) -> Usage:
        """What was used until now. `gpu_memory`: the peak on the GPUs, in bytes."""
        memory = _peak_memory()
        joules, reason = self._energy()
        total = memory + gpu_memory if memory is not None else None
        return Usage(self._device(), total, round(joules, 1) if joules is not None else None, reason)

    def stop(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._follower.join()

    def _energy(self) -> tuple[float | None, str]:
        processors = self._rapl.total()
        if self._several:
            return None, "several machines trained, and each knows only its own energy"
        if self._gpus is None:
            return processors, "" if processors is not None else NO_DRIVER
        joules, reason = self._gpus.total()
        return (None, reason) if joules is None else (joules + (processors or 0.0), "")

    def _device(self) -> str:
        names = list(self._gpus.names.values()) if self._gpus else []
        if not names:
            return cpu_model()
        return ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))


def _follow(child: subprocess.Popen[str], gpus: GpuPower) -> None:
    assert child.stdout is not None
    with child.stdout as readings:
        for line in readings:
            gpus.read(line)


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name, as the system knows it."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _peak_memory() -> int | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    found = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return next((int(kibibytes) * 1024 for kibibytes in found), None)
