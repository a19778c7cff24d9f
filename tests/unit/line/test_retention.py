"""Pictures of text pages go when their time is over; covers and young batches stay."""

from datetime import UTC, datetime, timedelta

from workcell.kernel.events import Event
from workcell.line.files import FileStore
from workcell.line.retention import expire_pages

_CLOSED = datetime(2026, 1, 1, tzinfo=UTC)


def _event(seq, batch, type_, at, **body):
    return Event(seq, "line", batch, "b", "", type_, 1, at.isoformat(), body, "", "")


def test_only_old_text_pages_are_deleted(tmp_path):
    files = FileStore(tmp_path)
    old, young, both, cover = (files.put(data, "jpg") for data in (b"old", b"young", b"both", b"cover"))
    events = [
        _event(1, "one", "image.taken", _CLOSED, name=old, view="page"),
        _event(2, "one", "image.taken", _CLOSED, name=both, view="page"),
        _event(3, "one", "image.taken", _CLOSED, name=cover, view="cover"),
        _event(4, "one", "batch.closed", _CLOSED),
        _event(5, "two", "image.taken", _CLOSED, name=young, view="page"),
        _event(6, "two", "image.taken", _CLOSED, name=both, view="page"),
        _event(7, "two", "batch.closed", _CLOSED + timedelta(days=80)),
    ]
    now = _CLOSED + timedelta(days=91)
    assert expire_pages(events, files, now, 90) == (1, 4)
    assert [files.path(name).exists() for name in (old, young, both, cover)] == [False, True, True, True]
    assert expire_pages(events[4:], files, now, 90) == (0, 0), "nothing new has expired"
