"""A file of records on disk: its bytes, mapped rather than read, and the format that they are in."""

from __future__ import annotations

import contextlib
import gzip
import mmap
import re
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from marc import framing
from workcell.kernel.errors import BadInput

FileFormat = Literal["iso2709", "marcxml", "json", "mrk"]

_HEAD = 4096
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_JSON = re.compile(rb"\s*(?:\[\s*)?\{\s*(?:\"|\})|\s*\[\s*\]")
_MRK = re.compile(rb"\s*=(?:LDR|[0-9A-Za-z]{3})(?:  |\t)")


@contextlib.contextmanager
def mapped(path: Path) -> Iterator[bytes | mmap.mmap]:
    """The file's bytes; a gzipped one is unpacked into a temporary file first.  Raises BadInput."""
    with contextlib.ExitStack() as stack:
        try:
            file: BinaryIO = stack.enter_context(path.open("rb"))
            if file.read(2) == b"\x1f\x8b":
                file = stack.enter_context(_unpacked(path))
            file.seek(0, 2)
            if not file.tell():
                yield b""
                return
            buffer = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except FileNotFoundError as error:
            raise BadInput("no such file", subject=str(path), remedy="Check the path.") from error
        except (OSError, EOFError, zlib.error) as error:
            raise BadInput(
                f"can't be read ({error})", subject=str(path), remedy="Fetch the file again."
            ) from error
        yield buffer


def format_of(buffer: bytes | mmap.mmap, path: Path) -> FileFormat:
    """The format by what the file begins with, whatever its name; raises BadInput when it is none of them."""
    head = bytes(buffer[:_HEAD])
    text = head.removeprefix(_UTF8_MARK)
    if not text.strip(b" \t\r\n\x00\x1a"):
        raise BadInput("the file is empty", subject=str(path), remedy="Give a file with records.")
    if text.lstrip()[:1] == b"<" or head[:2] in _UTF16_MARKS:
        return "marcxml"
    if _JSON.match(text):
        return "json"
    if _MRK.match(text):
        return "mrk"
    if framing.looks_like_iso2709(text):
        return "iso2709"
    raise BadInput(
        "neither ISO 2709, MARCXML, MARC-in-JSON nor the line format (mrk)",
        subject=str(path),
        remedy="Export the records again as MARC (.mrc) or MARCXML.",
    )


@contextlib.contextmanager
def _unpacked(path: Path) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as plain, gzip.open(path) as packed:
        while chunk := packed.read(1 << 20):
            plain.write(chunk)
        plain.flush()
        yield plain
