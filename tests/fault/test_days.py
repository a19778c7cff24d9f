"""A sample of `script/campaign day`: what the process holds does not grow from batch to batch."""

from days import batch_after_batch

_BOOKS = 2
_EVENTS = 80
"""So many events come of a book at least, and each would be several objects."""


def test_a_batch_leaves_nothing_of_itself_in_memory():
    day = batch_after_batch(hours=0.05, books=_BOOKS, every_hours=0.001)
    warm, *_, last = day.looks[1:]
    assert last.batches - warm.batches >= 2
    events = (last.batches - warm.batches) * _BOOKS * _EVENTS
    assert last.objects - warm.objects < events
    assert last.blocks - warm.blocks < 2 * events
