"""Files that may be packed, read as a stream of bytes: gzip and Zstandard are known by their first bytes."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

GZIP, ZSTANDARD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
_BUFFER = 1 << 20
# A packed KiB may unfold to 32 MiB, so no more than that is ever unfolded at once.
_PACKED_AT_ONCE = 1_024


class Unreadable(Exception):
    """A file or a row that cannot be read: `line` where it is known, and the reason and advice in sentences."""

    def __init__(self, message: str, hint: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.hint, self.line = message, hint, line


def magic(path: Path) -> bytes:
    """The file's first four bytes."""
    with path.open("rb") as file:
        return file.read(4)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked. Raises Unreadable where it breaks off or is damaged, while it is read too."""
    start = magic(path)
    with path.open("rb", buffering=_BUFFER) as raw:
        try:
            yield _unpacked(raw, start)
        except (EOFError, zlib.error, gzip.BadGzipFile, _Damaged) as error:
            reason = "breaks off" if isinstance(error, EOFError) else "is damaged"
            raise Unreadable(f"the packed file {reason}; rows are missing from it.", "Make or fetch it anew.") from None


def _unpacked(raw: BinaryIO, start: bytes) -> BinaryIO:
    if start.startswith(GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=raw), _BUFFER)
    if start == ZSTANDARD:
        return io.BufferedReader(_Zstandard(raw), _BUFFER)
    return raw


def zstandard_module() -> Any:
    """The library, which is only needed for such files. Raises Unreadable where it is not installed."""
    try:
        import zstandard
    except ImportError:
        raise Unreadable("this is packed by Zstandard.", "Run `pip install zstandard`, or unpack it.") from None
    return zstandard


class _Damaged(Exception):
    """Bytes that are no Zstandard frame."""


class _Zstandard(io.RawIOBase):
    """Frames one after the other. Where a file breaks off, the library's own stream ends without a word."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw, self._library = raw, zstandard_module()
        self._frame: Any = None
        self._rest, self._ready = b"", memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            packed = self._rest or self._raw.read(_PACKED_AT_ONCE)
            if not packed:
                if self._frame is not None:
                    raise EOFError
                return 0
            self._ready = memoryview(self._unfold(packed))
        taken = min(len(buffer), len(self._ready))
        buffer[:taken] = self._ready[:taken]
        self._ready = self._ready[taken:]
        return taken

    def _unfold(self, packed: bytes) -> bytes:
        self._frame = self._frame or self._library.ZstdDecompressor().decompressobj()
        try:
            found: bytes = self._frame.decompress(packed)
        except self._library.ZstdError:
            raise _Damaged from None
        self._rest = self._frame.unused_data
        if self._frame.eof:
            self._frame = None
        return found
