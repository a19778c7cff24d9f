"""Record files from one format into another: good records are kept, bad ones listed, no file half written.

Every record is written by a guarded writer; what the format asked for can't hold goes into a MARCXML file
beside it, with a warning.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from pymarc import Record

from marc import encoding, line_format, marc_json, writing
from marc.encoding import UTF8, Encoding
from marc.fields import flavour
from marc.reading import ReadResult, read_records
from marc.record_file import FileFormat
from workcell.kernel.errors import BadInput, StorageFull


@dataclass(frozen=True)
class BadOne:
    """A record of the input with something wrong: file, place, reason, and whether it is in the output.

    ``n`` counts from 0, ``offset`` in bytes of the unpacked file.
    """

    file: str
    n: int
    offset: int
    reason: str
    kept: bool


@dataclass
class Conversion:
    """What a conversion did.  ``beside`` is the MARCXML file of the ``moved`` records, None without any."""

    out: Path
    records: int = 0
    written: int = 0
    moved: int = 0
    beside: Path | None = None
    bad: list[BadOne] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def convert(
    paths: Sequence[Path], to: FileFormat, out: Path, charset: str = "", to_charset: str = "utf-8"
) -> Conversion:
    """Write all records of the files to ``out`` in the format ``to``; raises BadInput and StorageFull.

    ``charset`` is that of the input where it is to be told rather than found; ``to_charset`` that of ISO 2709
    and mrk output (MARCXML and JSON are UTF-8).  ``out`` appears when it is whole.
    """
    target = encoding.named(to_charset)
    if to in ("marcxml", "json") and target is not UTF8:
        raise BadInput(f"{to} is always UTF-8", subject=str(out), remedy="Leave out the output charset.")
    done = Conversion(out)
    with _Output(out, _FRAMES[to]) as file, _Beside(out, done) as beside:
        for path in paths:
            for result in read_records(path, charset):
                done.records += 1
                _take(done, path, result, _writer(to, target), file, beside)
    return done


def _take(
    done: Conversion, path: Path, result: ReadResult, write: _Write, file: _Output, beside: _Beside
) -> None:
    reasons = [result.problem] if result.problem else []
    kept = False
    if result.record is not None:
        made = _first_that_holds(done, path, result, result.record, write, file, beside)
        kept = not isinstance(made, str)
        reasons += [made] if isinstance(made, str) else made
    if reasons:
        done.bad.append(BadOne(str(path), result.n, result.offset, "; ".join(reasons), kept))


def _first_that_holds(
    done: Conversion,
    path: Path,
    result: ReadResult,
    record: Record,
    write: _Write,
    file: _Output,
    beside: _Beside,
) -> str | list[str]:
    """Write the record, or put it beside; gives the losses, or the reason why neither could hold it."""
    try:
        data, losses = write(record)
        file.write(data)
        done.written += 1
        return losses
    except BadInput as error:
        why = error.what
    try:
        data, losses = _marcxml(record)
    except BadInput as error:
        return error.what
    beside.write(data)
    done.moved += 1
    done.warnings.append(f"{path}: record {result.n} at byte {result.offset}: {why}; sent to MARCXML instead")
    return losses


_Write = Callable[[Record], tuple[bytes, list[str]]]
"""Writes one record, and names what had to be left out of it; raises BadInput."""


def _writer(to: FileFormat, target: Encoding) -> _Write:
    if to == "iso2709":
        return lambda record: (writing.to_iso2709(record, _form(record), target), [])
    if to == "marcxml":
        return _marcxml
    if to == "json":
        return lambda record: (_json(record), [])
    return lambda record: (_lines(record, target), [])


def _form(record: Record) -> writing.Format:
    return "cnmarc" if flavour(record) == "unimarc" else "marc21"


def _marcxml(record: Record) -> tuple[bytes, list[str]]:
    clean, lost = writing.without_control_characters(record)
    losses = [f"control characters left out of {', '.join(lost)}"] if lost else []
    return writing.to_marcxml(clean, _form(record)).encode("utf-8"), losses


def _json(record: Record) -> bytes:
    made = marc_json.as_json(writing.relabelled(record, _form(record), UTF8)).encode("utf-8", "surrogatepass")
    writing.proven(marc_json.records(made, writing.name_of(record)), record)
    return made + b"\n"


def _lines(record: Record, target: Encoding) -> bytes:
    text = line_format.as_lines(writing.relabelled(record, _form(record), target))
    made = writing.encoded(text, target)
    writing.proven(line_format.records(made, writing.name_of(record), target), record, target)
    return made


@dataclass(frozen=True)
class _Frame:
    """What stands before the first record, between two, and behind the last."""

    head: bytes = b""
    between: bytes = b""
    foot: bytes = b""


_XML = _Frame(
    b'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">\n',
    foot=b"</collection>\n",
)
_FRAMES: dict[FileFormat, _Frame] = {
    "iso2709": _Frame(),
    "marcxml": _XML,
    "json": _Frame(b"[\n", b",", b"]\n"),
    "mrk": _Frame(),
}


class _Output:
    """A file that gets its name when it is whole; raises StorageFull when the disk refuses."""

    def __init__(self, path: Path, frame: _Frame) -> None:
        self._path, self._frame = path, frame
        self._part = path.with_name(path.name + ".part")
        self._file: BinaryIO | None = None
        self._any = False

    def __enter__(self) -> _Output:
        with self._told():
            self._file = self._part.open("wb")
        self._put(self._frame.head)
        return self

    def write(self, record: bytes) -> None:
        """Add one record."""
        self._put(self._frame.between + record if self._any else record)
        self._any = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        try:
            if kind is None:
                self._put(self._frame.foot)
                with self._told():
                    self._file.close()
                    self._part.replace(self._path)
        finally:
            self._file.close()
            self._part.unlink(missing_ok=True)

    def _put(self, data: bytes) -> None:
        with self._told():
            if self._file is not None:
                self._file.write(data)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageFull(
                f"can't be written ({error.strerror})",
                subject=str(self._path),
                remedy="Make room, then write again.",
            ) from error


class _Beside(contextlib.ExitStack):
    """The MARCXML file beside the output, which comes to be with its first record."""

    def __init__(self, out: Path, done: Conversion) -> None:
        super().__init__()
        self._out, self._done = out, done
        self._file: _Output | None = None

    def write(self, record: bytes) -> None:
        """Add one record."""
        if self._file is None:
            self._done.beside = self._out.with_suffix(".long.xml")
            self._file = self.enter_context(_Output(self._done.beside, _XML))
        self._file.write(record)
