"""`python -m harness.embedded`.

Exits 0 after a requested stop, 2 for wrong arguments or files, 4 where the port is taken.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}

_WAITING = ("OMP_WAIT_POLICY", "PASSIVE")
"""A thread that spins for the other one costs a whole tick of the scheduler at each product once the cores are busy
with something else, the client for one: ten times a step. Asleep it costs a third more on an idle machine."""

_CHATTY = ("torchao", "torch.utils._pytree")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness.embedded")
    add = parser.add_argument
    add("--base", type=Path, required=True, help="folder of the base model (safetensors)")
    add("--adapter", action="append", default=[], metavar="NAME=DIR", help="a LoRA adapter; repeatable")
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0: any free port, see the ready line")
    add("--threads", type=int, help="default: physical cores")
    add("--device", default="auto", choices=["auto", "cpu", "cuda"])
    add("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    add("--max-total-tokens", type=int, default=2048, help="prompt and new tokens of one request")
    add("--max-batch-size", type=int, default=32, help="rows decoded at a time")
    add("--max-batch-prefill-tokens", type=int, default=4096)
    add("--max-batch-total-tokens", type=int, help="default: max-total-tokens x max-batch-size")
    add("--max-concurrent-requests", type=int, default=128, help="more are refused with 429")
    add("--api-key-env", metavar="VAR", help="environment variable that holds the key")
    add("--parent-pid", type=int, help="exit when this process ends")
    return parser


def _adapters(given: list[str]) -> dict[str, Path]:
    from .errors import StartError

    adapters: dict[str, Path] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not equals or not folder:
            raise StartError(f"--adapter {text}: write NAME=DIR.")
        if name in adapters:
            raise StartError(f"--adapter {name} is given twice.")
        adapters[name] = Path(folder)
    return adapters


def _key(variable: str | None) -> str | None:
    from .errors import StartError

    if variable is None:
        return None
    if not os.environ.get(variable):
        raise StartError(f"--api-key-env {variable}: the variable is not set.")
    return os.environ[variable]


def _physical_cores() -> int:
    """Cores that this process may use, hyper-threads counted once: a second thread on a core slows the first."""
    siblings = Path("/sys/devices/system/cpu")
    cores = set()
    for cpu in os.sched_getaffinity(0):
        listing = siblings / f"cpu{cpu}" / "topology" / "thread_siblings_list"
        cores.add(listing.read_text() if listing.is_file() else str(cpu))
    return len(cores)


def _start(given: argparse.Namespace) -> None:
    """Load, then bind, then say so: whoever reads the ready line can send requests at once."""
    import torch

    from .app import Settings, build
    from .grouping import Limits
    from .serve import bind, run

    torch.set_num_threads(given.threads or _physical_cores())
    device = given.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    limits = Limits(
        total_tokens=given.max_total_tokens,
        batch_size=given.max_batch_size,
        prefill_tokens=given.max_batch_prefill_tokens,
        batch_total_tokens=given.max_batch_total_tokens or given.max_total_tokens * given.max_batch_size,
        concurrent_requests=given.max_concurrent_requests,
    )
    key = _key(given.api_key_env)
    settings = Settings(given.base, _adapters(given.adapter), limits, given.dtype, device, key)
    app, batcher = build(settings)
    bound = bind(given.host, given.port)
    if given.host not in ("127.0.0.1", "localhost", "::1"):
        logging.warning("Listening on %s: other machines can reach this server.", given.host)
    run(app, batcher, bound)


def main() -> int:
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    for library in _CHATTY:
        logging.getLogger(library).setLevel(logging.ERROR)
    os.environ.update(_ENVIRONMENT)
    os.environ.setdefault(*_WAITING)
    given = _arguments().parse_args()
    from .errors import StartError
    from .serve import PortTaken, follow

    if given.parent_pid is not None:
        follow(given.parent_pid)
    try:
        _start(given)
    except StartError as error:
        sys.stderr.write(f"harness.embedded: {error}\n")
        return 4 if isinstance(error, PortTaken) else 2
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the scheduler's thread may be deep in a forward pass: do not wait for it
