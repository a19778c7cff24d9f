"""A draft from anything that recognition may hand over is a record that can be written and read."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from marc_samples import evidence, profile

from marc import draft, provenance_note, record_facts, to_iso2709, to_marcxml, validate
from marc.fields import control, first

WHEN = date(2026, 5, 4)
_TEXT = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30),
    st.sampled_from(
        ["", "2019", "第3版", "Second edition", "[美] 唐纳德·诺曼", "The", "L'", "v. 3", "©2019", "x ; "]
    ),
)  # fmt: skip
_TITLE = _TEXT.filter(lambda text: text.strip(" /:;,"))
_SINGLE = st.fixed_dictionaries(
    {"title": _TITLE},
    optional=dict.fromkeys(
        (
            "subtitle", "responsibility", "edition", "place", "publisher", "year", "volume", "pages", "price",
            "language", "lccn", "printing",
        ),
        _TEXT,
    ),
)  # fmt: skip
_LISTS = st.fixed_dictionaries(
    {},
    optional={
        "names": st.lists(_TEXT, max_size=3).map(tuple),
        "series": st.lists(_TEXT, max_size=2).map(tuple),
        "subjects": st.lists(_TEXT, max_size=3).map(tuple),
        "isbns": st.lists(_TEXT, max_size=2).map(tuple),
        "classes": st.lists(
            st.tuples(st.sampled_from(["lcc", "ddc", "clc", "nlm"]), _TEXT), max_size=2
        ).map(tuple),
        "height": st.floats(10, 600),
    },
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(_SINGLE, _LISTS)
def test_every_draft_is_a_sound_marc21_record(single, lists) -> None:
    seen = evidence(**single, **lists)
    record = draft(seen, profile("en"), WHEN, "wc1")
    assert len(control(record, "008")) == 40
    assert control(record, "008")[35:38].isalpha() or control(record, "008")[35:38] == "|||"
    assert record["245"].indicator2 in set("0123456789")
    assert str(record.leader)[17] in "37"
    assert to_iso2709(record, "marc21")
    assert to_marcxml(record, "marc21")
    assert [finding for finding in validate(record) if finding.severity == "error"] == []
    assert len(provenance_note(record, seen)["fields"]) == len(record.fields)


@settings(max_examples=120, deadline=None)
@given(_SINGLE, _LISTS)
def test_every_draft_is_a_sound_cnmarc_record(single, lists) -> None:
    record = draft(evidence(**single, **lists), profile("zh"), WHEN, "wc1")
    assert len(first(record, "100", "a").ljust(36)) == 36
    assert len(record["105"]["a"]) == 13
    assert str(record.leader)[9] == " "
    assert to_iso2709(record, "cnmarc")
    assert record_facts(record).flavour == "unimarc"
    assert [finding for finding in validate(record) if finding.severity == "error"] == []
