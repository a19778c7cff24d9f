"""Sequence numbers on their circle, and the ring of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plc import is_newer, next_seq
from plc.tracking import RING_SIZE, EventRing

SEQ = st.integers(1, 65535)


def test_the_circle_skips_zero() -> None:
    """WC-HS-004."""
    assert next_seq(0) == 1
    assert next_seq(65534) == 65535
    assert next_seq(65535) == 1


@given(SEQ, st.integers(1, 32767))
def test_what_comes_after_is_newer(seq: int, steps: int) -> None:
    later = (seq - 1 + steps) % 65535 + 1
    assert is_newer(later, seq)
    assert not is_newer(seq, later)
    assert not is_newer(seq, seq)


@given(SEQ)
def test_every_number_is_newer_than_never(seq: int) -> None:
    assert is_newer(seq, 0)
    assert not is_newer(0, seq)
    assert not is_newer(0, 0)


@given(st.lists(st.one_of(st.integers(1, 5), st.just(-1), st.just(-2)), max_size=80), st.integers(0, 65535))
def test_the_ring_hands_out_every_event_once_and_in_order(steps: list[int], start: int) -> None:
    """WC-EV-001, WC-EV-002: over the wrap of EvSeq, with slow, eager and mistaken hosts."""
    ring = EventRing()
    ring.head = ring._acked = start  # as after a long run
    added, seen, read_to = 0, [], start
    for step in [*steps, *[-1] * 60]:
        if step > 0:
            for _ in range(step):
                ring.add("arrived", 1, added, 0)
                added += 1
        elif step == -1:
            fresh = [event for event in ring.entries if event and is_newer(event.seq, read_to)]
            for event in sorted(fresh, key=lambda event: (event.seq - read_to) % 65535):
                seen.append(event.track_id)
                read_to = event.seq
            ring.acknowledge(read_to)
        else:
            ring.acknowledge((read_to + 20000) % 65535 + 1)
        ring.publish()
        unread = [event for event in ring.entries if event and is_newer(event.seq, read_to)]
        assert len(unread) <= RING_SIZE
    assert seen == list(range(added))
    assert ring.waiting == 0
