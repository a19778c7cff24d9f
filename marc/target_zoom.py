"""Z39.50 through the ZOOM interface of Index Data's YAZ library, called with ctypes.

Source: YAZ user's guide, chapter ZOOM.  The library's event loop is driven step by step, so that the time for
a whole answer is bounded however the target dribbles its bytes.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from marc.target_answers import Answer, Now, answer_of, gone, late, refused
from marc.target_queries import Question, pqf
from marc.targets import Target
from workcell.kernel.errors import DeviceGone

_TIMEOUT = 10007
_NETWORK_ERRORS = (10000, 10004)
_GARBAGE_ERRORS = (10003, 10005)

_pointer, _text = ctypes.c_void_p, ctypes.c_char_p
_SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "ZOOM_connection_create": (_pointer, (_pointer,)),
    "ZOOM_connection_connect": (None, (_pointer, _text, ctypes.c_int)),
    "ZOOM_connection_destroy": (None, (_pointer,)),
    "ZOOM_connection_option_set": (None, (_pointer, _text, _text)),
    "ZOOM_connection_error_x": (
        ctypes.c_int,
        (_pointer, ctypes.POINTER(_text), ctypes.POINTER(_text), ctypes.POINTER(_text)),
    ),
    "ZOOM_connection_search_pqf": (_pointer, (_pointer, _text)),
    "ZOOM_event": (ctypes.c_int, (ctypes.c_int, ctypes.POINTER(_pointer))),
    "ZOOM_resultset_size": (ctypes.c_size_t, (_pointer,)),
    "ZOOM_resultset_record_immediate": (_pointer, (_pointer, ctypes.c_size_t)),
    "ZOOM_resultset_destroy": (None, (_pointer,)),
    "ZOOM_record_get": (_pointer, (_pointer, _text, ctypes.POINTER(ctypes.c_int))),
    "ZOOM_record_error": (
        ctypes.c_int,
        (_pointer, ctypes.POINTER(_text), ctypes.POINTER(_text), ctypes.POINTER(_text)),
    ),
}


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL | None:
    for name in ("libyaz.so.5", ctypes.util.find_library("yaz")):
        if name:
            try:
                library = ctypes.CDLL(name)
                _declare(library)
            except (OSError, AttributeError):
                continue
            return library
    return None


def _declare(library: ctypes.CDLL) -> None:
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments


def available() -> bool:
    """Whether the YAZ library is installed."""
    return _library() is not None


class ZoomConnection:
    """A Z39.50 target; the connection is kept between questions."""

    def __init__(self, target: Target, now: Now) -> None:
        library = _library()
        if library is None:
            raise gone(target, "the YAZ library is not installed")
        self._zoom = library
        self._target = target
        self._now = now
        self._handle: int | None = None

    def ask(self, question: Question) -> Answer:
        """As ``Connection.ask``."""
        deadline = self._now() + self._target.timeout_s
        query = pqf(question, self._target).encode("utf-8")
        if self._handle is not None:
            try:
                return self._search(query, deadline)
            except DeviceGone:
                if self._now() >= deadline:
                    raise
        self._connect(deadline)
        return self._search(query, deadline)

    def close(self) -> None:
        """Close the connection."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._zoom.ZOOM_connection_destroy(handle)

    def _connect(self, deadline: float) -> None:
        self.close()
        target = self._target
        options = {
            "async": "1", "timeout": str(math.ceil(target.timeout_s)), "databaseName": target.database,
            "preferredRecordSyntax": target.syntax, "elementSetName": target.elements,
            "start": "0", "count": str(target.limit), "implementationName": "workcell",
            "charset": target.charset,
            "user": target.user, "password": target.password,
        }  # fmt: skip
        handle = self._zoom.ZOOM_connection_create(None)
        self._handle = handle
        for key, value in options.items():
            if value:
                self._zoom.ZOOM_connection_option_set(handle, key.encode(), value.encode("utf-8"))
        self._zoom.ZOOM_connection_connect(handle, f"tcp:{target.host}".encode(), 0)
        self._settle(deadline)

    def _search(self, query: bytes, deadline: float) -> Answer:
        handle = self._handle
        results = self._zoom.ZOOM_connection_search_pqf(handle, query)
        try:
            self._settle(deadline)
            total = int(self._zoom.ZOOM_resultset_size(results))
            pieces = []
            for place in range(min(total, self._target.limit)):
                record = self._zoom.ZOOM_resultset_record_immediate(results, place)
                if record:
                    pieces.append(self._raw(record))
        finally:
            if results:
                self._zoom.ZOOM_resultset_destroy(results)
        if total and not pieces:
            raise refused(self._target, f"found {total} records but sent none")
        return answer_of(total, pieces, self._target)

    def _settle(self, deadline: float) -> None:
        """Let the library work until nothing is left to do; raises what went wrong, or that time is up."""
        waiting = (ctypes.c_void_p * 1)(self._handle)
        with self._closing_on_error():
            while True:
                left = deadline - self._now()
                if left <= 0:
                    raise late(self._target)
                seconds = str(max(1, math.ceil(left))).encode()
                self._zoom.ZOOM_connection_option_set(self._handle, b"timeout", seconds)
                if not self._zoom.ZOOM_event(1, waiting):
                    break
            self._check()

    def _check(self) -> None:
        message, more, diagnostics = ctypes.c_char_p(), ctypes.c_char_p(), ctypes.c_char_p()
        code = self._zoom.ZOOM_connection_error_x(
            self._handle, ctypes.byref(message), ctypes.byref(more), ctypes.byref(diagnostics)
        )
        if not code:
            return
        said = ": ".join(_decoded(part.value) for part in (message, more) if part.value)
        if code == _TIMEOUT:
            raise late(self._target)
        if code in _NETWORK_ERRORS:
            raise gone(self._target, f"the connection failed ({said})")
        if code in _GARBAGE_ERRORS:
            raise refused(self._target, f"answers what is no Z39.50 ({said})")
        raise refused(self._target, f"refuses the question: {said} ({code})")

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _raw(self, record: int) -> bytes:
        """The record's bytes as the target sent them; empty for a surrogate diagnostic."""
        message, more, diagnostics = ctypes.c_char_p(), ctypes.c_char_p(), ctypes.c_char_p()
        if self._zoom.ZOOM_record_error(
            record, ctypes.byref(message), ctypes.byref(more), ctypes.byref(diagnostics)
        ):
            return b""
        length = ctypes.c_int(-1)
        held = self._zoom.ZOOM_record_get(record, b"raw", ctypes.byref(length))
        if not held:
            return b""
        return ctypes.string_at(held, length.value) if length.value >= 0 else ctypes.string_at(held)


def _decoded(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace").strip()
