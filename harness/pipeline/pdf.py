"""A page as PDF, printed by the Chromium or Chrome of this machine: an outside process that reaches no network."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.core.errors import ConfigError, OutsideError
from harness.report.guard import label
from harness.store.files import write_lines

VARIABLE = "HARNESS_BROWSER"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 120.0

_ALONE = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-extensions",
    "--disable-sync", "--disable-component-update", "--disable-default-apps", "--disable-breakpad",
    "--disable-dev-shm-usage", "--metrics-recording-only",
)  # fmt: skip
# A page needs nothing from outside; the dead proxy is for addresses that are given as numbers.
_NO_NETWORK = (
    "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
)  # fmt: skip


def find_browser(environment: Mapping[str, str]) -> str:
    """The browser that prints: what HARNESS_BROWSER names, else the first one on PATH. Raises ConfigError."""
    named, path = environment.get(VARIABLE), environment.get("PATH", os.defpath)
    for name in (named,) if named else BROWSERS:
        if found := shutil.which(name, path=path):
            return found
    if named:
        raise ConfigError(f"{VARIABLE} is '{named}', which is no program here. Name a Chromium or Chrome, or unset it.")
    raise ConfigError(
        "a PDF is printed by Chromium or Chrome, and there is none on PATH. "
        f"Install one (Debian: `apt install chromium`), or let {VARIABLE} name it."
    )


def print_pdf(page: Path, browser: str, seconds: float = SECONDS) -> Path:
    """Print an HTML file to a PDF beside it, of the same name. Raises OutsideError where the browser fails or hangs."""
    with TemporaryDirectory(prefix="harness-pdf-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        made, log = folder / "page.pdf", folder / "log"
        options = [*_ALONE, *_NO_NETWORK, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        output = ["--no-pdf-header-footer", f"--print-to-pdf={made}", f"--user-data-dir={folder / 'profile'}"]
        ended = _run([browser, *options, *output, page.resolve().as_uri()], log, seconds)
        data = made.read_bytes() if made.is_file() else b""
        if ended or not (data.startswith(b"%PDF-") and b"%%EOF" in data[-64:]):
            how = ended or "it ended without a whole PDF"
            raise OutsideError(f"{page.name} was not printed by {browser}: {how}. {_last_words(log)}".rstrip())
    path = page.with_suffix(".pdf")
    write_lines(path, [data])
    return path


def _run(command: list[str], log: Path, seconds: float) -> str:
    """How the process failed; "" where it did not. None of its children outlives it."""
    with log.open("wb") as out:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        except OSError as error:
            return f"it cannot be started ({error.strerror})"
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return f"it had not ended after {seconds:g} s"
        finally:
            _end(process)
    return f"it ended with exit code {code}" if code else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """The process and whatever it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # all of them have ended
        return
    process.wait()


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
    return f"Its last lines: {' | '.join(label(line, 300) for line in lines)}" if lines else ""
