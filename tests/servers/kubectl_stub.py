"""A stand-in for kubectl and a cluster: writes down what it is asked, and really forwards a port.

KUBECTL_STUB names its folder: `calls.jsonl` is what it was asked, `fails` (words of a command, a line each) what it
refuses, `target` the port that a forwarded one leads to.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

FOLDER = Path(os.environ["KUBECTL_STUB"])
EVENTS = [
    {"type": "Warning", "reason": "FailedScheduling", "message": "0/3 nodes have nvidia.com/gpu",
     "involvedObject": {"name": "desk-0123456789ab-77f"}},
    {"type": "Warning", "reason": "BackOff", "message": "of another service", "involvedObject": {"name": "shop-1"}},
]  # fmt: skip


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def forward(target: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        say(f"Forwarding from 127.0.0.1:{server.getsockname()[1]} -> 8080")
        while True:
            inner, _ = server.accept()
            outer = socket.create_connection(("127.0.0.1", target))
            for pair in ((inner, outer), (outer, inner)):
                threading.Thread(target=copy, args=pair, daemon=True).start()


def main(words: list[str]) -> int:
    given = sys.stdin.read() if "-f" in words else ""
    with (FOLDER / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({"words": words, "stdin": given, "pid": os.getpid(), "time": time.time()}) + "\n")
    told = [word for word in words if not word.startswith("--")]
    fails = (FOLDER / "fails").read_text().split("\n") if (FOLDER / "fails").is_file() else []
    if any(line and line in " ".join(words) for line in fails):
        sys.stderr.write("error: told to fail\nsecond line\n")
        return 1
    if "port-forward" in told:
        forward(int((FOLDER / "target").read_text()))
    if "logs" in told:
        say("[pod/desk/tgi] loading shards\n[pod/desk/tgi] hf_" + "abcdefghijklmnopqrstuvwxyz01234567" + " CUDA error")
    if "events" in told:
        say(json.dumps({"items": EVENTS}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
