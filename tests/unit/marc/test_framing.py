import functools

import numpy as np
import pytest
from marc_mutations import MUTATIONS, broken_pieces
from marc_samples import marc21, raw_records, shared

from marc import read_records, to_iso2709
from marc.framing import frames


@functools.cache
def _sample(count: int) -> list[bytes]:
    records = raw_records(shared("marc21.mrc.gz"))[:count]
    return [data for data in records if next(frames(data)).problem == ""]


def test_bytes_add_up_whatever_is_in_the_file() -> None:
    rng = np.random.default_rng(7)
    for _ in range(200):
        data = rng.integers(0x1B, 0x3A, 400, dtype=np.uint8).tobytes()
        covered = sum(len(frame.data) for frame in frames(data))
        padding = sum(data.count(byte) for byte in b" \t\r\n\x00\x1a")
        assert len(data) - padding <= covered <= len(data)


def test_healthy_records_survive_every_kind_of_broken_neighbour(tmp_path) -> None:
    records = _sample(600)
    for place, kind in enumerate(MUTATIONS):
        rng = np.random.default_rng(place)
        pieces = list(records[:40])
        pieces[20] = MUTATIONS[kind](pieces[20], rng)
        path = tmp_path / f"{kind}.mrc"
        path.write_bytes(b"".join(pieces))
        results = list(read_records(path))
        healthy = [result.data for result in results if result.record and not result.problem]
        assert [data for data in records[:40] if data not in healthy] in ([], [records[20]]), kind
        assert any(result.problem for result in results), kind


def test_recovery_with_five_percent_broken_beats_the_target(tmp_path) -> None:
    path = tmp_path / "whole.mrc"
    path.write_bytes(b"".join(_sample(4000)))
    records = [result.data for result in read_records(path) if result.record and not result.problem]
    pieces, broken = broken_pieces(records, 0.05, np.random.default_rng(11))
    path.write_bytes(b"".join(pieces))
    results = list(read_records(path))
    found = {result.data for result in results if result.record is not None and not result.problem}
    healthy = [index for index in range(len(records)) if index not in broken]
    lost = [index for index in healthy if records[index] not in found]
    assert len(lost) / len(healthy) <= 0.0002
    still_whole = {"junk_behind", "mark_in_front"}
    assert not {pieces[index] for index, kind in broken.items() if kind not in still_whole} & found


@pytest.mark.parametrize("kind", MUTATIONS)
@pytest.mark.parametrize("last", [False, True])
def test_every_broken_record_is_reported_where_it_stands(tmp_path, kind: str, last: bool) -> None:
    path = tmp_path / "some.mrc"
    for seed, data in enumerate(_sample(30)):
        piece = MUTATIONS[kind](data, np.random.default_rng(seed))
        before, behind = _own(1), b"" if last else _own(2)
        path.write_bytes(before + piece + behind)
        results = list(read_records(path))
        told = [r.offset for r in results if r.problem]
        assert told
        assert all(len(before) <= offset < len(before) + len(piece) for offset in told)
        kept = [r.data for r in results if r.record is not None and not r.problem]
        assert [data for data in (before, behind) if data and data not in kept] == []


def _own(n: int) -> bytes:
    return to_iso2709(marc21(f"001 own{n}", f"245 10 $aTitle {n}"), "marc21")


def test_a_byte_order_mark_in_front_of_the_file_is_no_fault(tmp_path) -> None:
    path = tmp_path / "marked.mrc"
    path.write_bytes(b"\xef\xbb\xbf" + _own(1))
    assert [(r.offset, r.problem) for r in read_records(path)] == [(3, "")]


def test_offsets_point_at_the_bad_bytes(tmp_path) -> None:
    records = _sample(60)[:3]
    path = tmp_path / "offset.mrc"
    path.write_bytes(records[0] + b"rubbish between\x1d" + records[1] + records[2])
    results = list(read_records(path))
    bad = [result for result in results if result.problem]
    assert [(result.n, result.offset) for result in bad] == [(1, len(records[0]))]
    assert [result.data for result in results if result.record] == records
