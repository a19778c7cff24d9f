"""The map, its codec and the vendor's manifest."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import plc
from plc import builtin_tagmap, default_manifest, load_manifest, load_tagmap
from plc.codec import Codec
from workcell.kernel.errors import BadInput, ConfigError

GOLDEN = Path(__file__).parent / "golden"
MAP_FILE = Path(plc.__file__).parent / "tagmap.yaml"


def _as_csv() -> str:
    """Every register and number of the map that a vendor builds against."""
    tagmap, text = builtin_tagmap(), io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerows(tagmap.rows())
    table.writerows((name, *pair) for name, values in tagmap.enumerations.items() for pair in values.items())
    for name, verb in tagmap.verbs.items():
        fields = [f"{spec.name}:{spec.type}:{spec.enum}:{spec.limits}" for spec in verb.params + verb.results]
        table.writerow(("verb", name, verb.id, verb.stations, *fields, *verb.codes))
    table.writerows(("alarm", name, alarm.id) for name, alarm in tagmap.alarms.items())
    return text.getvalue()


def test_the_map_changes_only_with_its_version() -> None:
    """WC-RG-006.  A changed map needs a version step and its own golden file beside the older ones."""
    golden = GOLDEN / f"tagmap-{builtin_tagmap().version}.csv"
    assert golden.exists(), f"a new version: write {golden.name}"
    assert _as_csv() == golden.read_text("utf-8"), "the map differs from its version: step it"


def test_the_hot_blocks_are_short_and_no_two_blocks_have_one_length() -> None:
    """Facts of the links: at most 60 registers are polled on TCP, 16 on serial lines."""
    tagmap = builtin_tagmap()
    status = [name for name, block in tagmap.blocks.items() if block.region == "status"]
    assert tagmap.words("line") <= 60
    assert tagmap.blocks["line"].hot_words <= 16
    assert len({tagmap.words(name) for name in status}) == len(status)
    assert all(tagmap.words(name) <= 125 for name in status)


def _codec(word_order: str) -> Codec:
    manifest = default_manifest().model_copy(update={"word_order": word_order})
    return manifest.codec(builtin_tagmap())


def test_the_high_word_comes_first_unless_the_manifest_says_otherwise() -> None:
    """WC-RG-002."""
    values = {"owner": 0x1234_5678}
    assert _codec("high_first").encode("line_command", values)[:2] == [0x1234, 0x5678]
    assert _codec("low_first").encode("line_command", values)[:2] == [0x5678, 0x1234]


def test_blocks_stand_at_the_manifests_bases() -> None:
    """WC-RG-003."""
    tagmap = builtin_tagmap()
    codec = Codec(tagmap, {"status": 4000, "command": 9000}, "high_first")
    assert codec.span("line").address == 4000
    assert codec.span("stations").address == 4000 + tagmap.blocks["stations"].offset
    assert codec.address("station_command", "cmd_seq", 1) == 9000 + 64 + 10 + 9
    assert codec.field_span("line_command", "owner", "event_ack").count == 5


@st.composite
def _block_values(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    tagmap = builtin_tagmap()
    block = draw(st.sampled_from(sorted(tagmap.blocks)))
    values = {}
    for spec in tagmap.block_fields(block):
        legal = st.integers(*spec.limits)
        if spec.enum:
            legal = st.sampled_from(sorted(tagmap.enumerations[spec.enum].values()))
        one = st.tuples(*[legal] * spec.count)
        values[spec.name] = draw(one if spec.count > 1 else legal)
    return block, draw(st.sampled_from(["high_first", "low_first"])), values


@given(_block_values())
def test_what_is_encoded_is_decoded(case: tuple[str, str, dict[str, Any]]) -> None:
    """WC-RG-002: for every block, range and word order."""
    block, word_order, values = case
    codec = _codec(word_order)
    words = codec.encode(block, values)
    assert all(0 <= word <= 0xFFFF for word in words)
    assert codec.decode(block, words) == values
    image = [0] * 2048
    codec.put(block, image, 0, values)
    span = codec.span(block)
    assert image[span.address : span.address + len(words)] == words


@given(st.sampled_from(sorted(builtin_tagmap().blocks)), st.integers(16, 125))
def test_pieces_cover_a_block_and_cut_no_entry(block: str, limit: int) -> None:
    codec = _codec("high_first")
    span, pieces = codec.span(block), codec.pieces(block, limit)
    covered = [address for piece in pieces for address in range(piece.address, piece.address + piece.count)]
    assert covered == list(range(span.address, span.address + span.count))
    assert all(1 <= piece.count <= limit for piece in pieces)
    for index in range(builtin_tagmap().entry_count(block)):
        entry = codec.entry_span(block, index)
        assert not any(entry.address < piece.address < entry.address + entry.count for piece in pieces)


@pytest.mark.parametrize(
    ("station", "verb", "params", "problem"),
    [
        ("supply", "measure", {}, "no verb 'measure'"),
        ("nowhere", "feed", {}, "no station 'nowhere'"),
        ("supply", "feed", {}, "wrong parameters"),
        ("supply", "feed", {"track_id": 1, "speed": 2}, "wrong parameters"),
        ("supply", "feed", {"track_id": 0}, "not within"),
        ("stamp", "stamp", {"surface": 99, "x_mm10": 0, "y_mm10": 0}, "not a surface"),
        ("page_turn", "turn", {"leaves": 500}, "not within"),
    ],
)
def test_wrong_unit_commands_are_named(station: str, verb: str, params: dict[str, int], problem: str) -> None:
    """WC-UC-001."""
    tagmap = builtin_tagmap()
    with pytest.raises(BadInput, match=problem):
        _codec("high_first").encode_list(tagmap.verb(station, verb).params, params)


def _spoil(change: Callable[[dict[str, Any]], object]) -> str:
    data = yaml.safe_load(MAP_FILE.read_text("utf-8"))
    change(data)
    return yaml.safe_dump(data)


def _entries(data: dict[str, Any]) -> dict[str, Any]:
    entries: dict[str, Any] = data["blocks"]["ring"]["entries"]
    return entries


_THREE_WORDS = {"name": "more", "type": "u16", "count": 3, "text": "as long as the zones"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d["blocks"]["zones"].update(offset=0), "overlap"),
        (lambda d: d["blocks"]["zones"].update(id=1), "same id"),
        (lambda d: d["blocks"]["line"]["fields"][1].update(enum="weather"), "no enumeration 'weather'"),
        (lambda d: d["blocks"]["line_command"]["fields"].reverse(), "CmdSeq must come last"),
        (lambda d: (d["blocks"]["ring"].update(offset=700), _entries(d).update(count=40)), "one read"),
        (lambda d: _entries(d).update(count=0), "each or count"),
        (lambda d: d["blocks"]["line"].update(hot_words=30), "too long to be polled"),
        (lambda d: d["blocks"]["times"]["fields"].append(_THREE_WORDS), "same length"),
        (lambda d: d["verbs"]["hold"].update(stations=["attic"]), "no station"),
        (lambda d: d["verbs"]["hold"].update(codes=["tired"]), "no result"),
        (lambda d: d["verbs"]["hold"].update(id=1), "two verbs"),
        (lambda d: d["verbs"]["hold"].update(params=d["verbs"]["stamp"]["params"] * 3), "do not fit"),
        (lambda d: d["enumerations"]["mode"].update(manual=1), "given twice"),
        (lambda d: d.update(colour="red"), "Extra inputs"),
    ],
)
def test_a_map_that_contradicts_itself_is_refused(tmp_path: Path, change: Any, problem: str) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(_spoil(change), "utf-8")
    with pytest.raises(ConfigError, match=problem):
        load_tagmap(path)


def test_a_map_that_is_no_yaml_or_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("a: [", "utf-8")
    with pytest.raises(ConfigError, match=r"map\.yaml: not valid YAML"):
        load_tagmap(path)
    with pytest.raises(ConfigError, match="can't be read"):
        load_tagmap(tmp_path / "none.yaml")


MANIFEST = 'schema = "plc/1"\nvendor = "ACME"\nmodel = "C3"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("colour = 1\n", "key colour: unknown key"),
        ("stations = []\n", "key stations"),
        ('stations = ["attic"]\n', "no station attic"),
        ('stations = ["sort", "supply"]\n', "in this order"),
        ('word_order = "middle"\n', "key word_order"),
        ("max_block = 400\n", "key max_block"),
        ('without = ["sort.release"]\n', "can't be left out"),
        ("[base]\nstatus = 0\ncommand = 100\n", "1024 registers apart"),
        ("[timing]\nscan_ms = 0\n", "timing.scan_ms"),
    ],
)
def test_a_wrong_manifest_names_its_key(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "vendor.toml"
    path.write_text(MANIFEST + text, "utf-8")
    with pytest.raises(ConfigError, match=problem):
        load_manifest(path)


def test_a_short_manifest_has_sensible_defaults(tmp_path: Path) -> None:
    path = tmp_path / "vendor.toml"
    path.write_text(MANIFEST + 'stations = ["supply", "sort"]\n', "utf-8")
    manifest = load_manifest(path)
    assert (manifest.fc23, manifest.max_block, manifest.word_order) == (False, 125, "high_first")
