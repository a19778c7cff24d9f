import gzip

import numpy as np
import pytest
from marc_mutations import MUTATIONS
from marc_samples import cnmarc, marc21

from marc import read_records, to_iso2709, to_marcxml
from marc.directory import BadStructure, raw_fields
from marc.slicing import encoding_of, slice_records
from workcell.kernel.errors import BadInput


def _records(count: int) -> list[bytes]:
    return [
        to_iso2709(
            marc21(
                f"001 id{n}",
                "020    $a9780306406157",
                f"245 10 $aTitle {'é' * (n % 7)} {n} :$bmore",
                *[f"650  0 $aSubject {k}" for k in range(n % 5)],
            ),
            "marc21",
        )
        for n in range(count)
    ]


def test_slices_hold_the_chosen_fields_of_every_record_in_order(tmp_path) -> None:
    records = _records(600)
    path = tmp_path / "all.mrc.gz"
    path.write_bytes(gzip.compress(b"".join(records)))
    slices = list(slice_records(path, ["245", "001"]))
    assert [one.n for one in slices] == list(range(600))
    assert b"".join(one.data for one in slices) == b"".join(records)
    for n, one in enumerate(slices):
        title = f"10\x1faTitle {'é' * (n % 7)} {n} :\x1fbmore".encode()
        assert one.fields == [("001", f"id{n}".encode()), ("245", title)]
        assert (one.leader, one.problem) == (records[n][:24], "")
    assert slices[3].offset == sum(len(data) for data in records[:3])


def test_without_tags_all_fields_are_given(tmp_path) -> None:
    path = tmp_path / "all.mrc"
    path.write_bytes(b"".join(_records(20)))
    for one in slice_records(path):
        assert [(tag.encode(), body) for tag, body in one.fields] == raw_fields(one.data)


@pytest.mark.parametrize("kind", MUTATIONS)
def test_slicer_and_strict_check_agree_on_what_is_broken(tmp_path, kind: str) -> None:
    pieces = _records(80)
    rng = np.random.default_rng(5)
    for place in range(3, 80, 7):
        pieces[place] = MUTATIONS[kind](pieces[place], rng)
    path = tmp_path / "broken.mrc"
    path.write_bytes(b"".join(pieces))
    slices = list(slice_records(path))
    assert [(one.n, one.offset, one.data) for one in slices] == [
        (result.n, result.offset, result.data) for result in read_records(path)
    ]
    for one in slices:
        assert one.broken == _is_broken(one.data), one
        assert one.problem or not one.broken
        if not one.broken:
            assert [(tag.encode(), body) for tag, body in one.fields] == raw_fields(one.data)


def _is_broken(data: bytes) -> bool:
    try:
        raw_fields(data)
    except BadStructure:
        return True
    return False


def test_a_directory_out_of_order_or_with_letters_is_sliced_too(tmp_path) -> None:
    data = _records(1)[0]
    base = int(data[12:17])
    entries = [data[at : at + 12] for at in range(24, base - 1, 12)]
    turned = data[:24] + b"".join(reversed(entries)) + data[base - 1 :]
    lettered = data.replace(b"245", b"X45", 1)
    path = tmp_path / "odd.mrc"
    path.write_bytes(turned + lettered)
    one, other = slice_records(path, ["245", "X45", "001"])
    assert [tag for tag, _ in one.fields] == ["245", "001"]
    assert [tag for tag, _ in other.fields] == ["001", "X45"]
    assert not one.broken


def test_fields_that_overlap_are_broken(tmp_path) -> None:
    data = _records(1)[0]
    first, second = data[24:36], data[36:48]
    path = tmp_path / "overlap.mrc"
    path.write_bytes(data.replace(second, second[:3] + first[3:]))
    (one,) = slice_records(path)
    assert one.broken
    assert one.problem


def test_the_encoding_of_a_slice_is_the_readers(tmp_path) -> None:
    path = tmp_path / "cn.mrc"
    record = cnmarc("100    $a20210923d2021    em y0chiy50      ea", "200 1  $a图书馆学基础")
    path.write_bytes(to_iso2709(record, "cnmarc") + _records(1)[0])
    one, other = slice_records(path, ["200"])
    assert (encoding_of(one).name, encoding_of(other).name) == ("utf-8", "utf-8")
    assert encoding_of(one).decode(one.fields[0][1]) == "1 \x1fa图书馆学基础"


def test_other_formats_are_refused_by_name(tmp_path) -> None:
    path = tmp_path / "some.xml"
    path.write_text(f"<collection>{to_marcxml(marc21('245 10 $aT'), 'marc21')}</collection>", "utf-8")
    with pytest.raises(BadInput, match="not ISO 2709"):
        list(slice_records(path))
