"""The sample shipments are whole, true to their source and show what they promise."""

import csv
import io
import json
import runpy
import tomllib
from functools import cache
from pathlib import Path

import numpy
import pymarc
import pytest
from stdnum import isbn, luhn

ROOT = Path(__file__).resolve().parents[3]
SHIPMENTS = ROOT / "examples" / "shipments"
BUILDERS = runpy.run_path(str(ROOT / "script" / "build-shipments"))["BUILDERS"]
PROFILES = {
    name: tomllib.loads((ROOT / f"examples/profiles/{name}.toml").read_text("utf-8")) for name in BUILDERS
}

CASES = {
    "five_copies", "outcome_0_order_record", "outcome_1_new", "outcome_2_record_without_items",
    "outcome_3_none_wanted", "outcome_4_other_location", "outcome_5_further_copy", "cip_upgrade",
    "translation", "both_bindings_one_record", "new_edition", "boxed_set", "two_volume_set", "right_to_left",
    "book_and_cd", "pamphlet", "damaged", "gift", "short", "surplus", "price_difference", "oversize",
    "not_ordered", "no_record", "isbn_of_another_title", "no_barcode",
}  # fmt: skip
ONLY_IN = {"en": set(), "zh": {"unified_book_number"}}

each_shipment = pytest.mark.parametrize("name", sorted(BUILDERS))


@cache
def source(name):
    return tomllib.loads((SHIPMENTS / name / "titles.toml").read_text("utf-8"))


@cache
def box(name):
    return {title["title_id"]: title for title in json.loads(committed(name, "box.json"))["titles"]}


def committed(name, file):
    return (SHIPMENTS / name / file).read_bytes()


def rows(name, file):
    return list(csv.DictReader(io.StringIO(committed(name, file).decode("utf-8"))))


def order(name, title_id):
    return {row["line"]: row for row in rows(name, "orders.csv")}.get(str(int(title_id[3:])))


def invoiced(name, title_id):
    return {row["line"]: row for row in rows(name, "invoice.csv")}.get(str(int(title_id[3:])))


@cache
def records(name, file):
    return list(pymarc.MARCReader(committed(name, file), force_utf8=True))


def isbns(record):
    """ISBNs of a record without hyphens: MARC 21 020 $a, CNMARC 010 $a."""
    tag = "010" if "200" in record else "020"
    values = [value for part in record.get_fields(tag) for value in part.get_subfields("a")]
    return [value.replace("-", "") for value in values]


def with_isbn(name, file, number):
    return [record for record in records(name, file) if number in isbns(record)]


def copies_held(record):
    """Location of each item on a record: Koha's 952 $a, or CNMARC 905 $c once for each $b."""
    held = [part["a"] for part in record.get_fields("952")]
    return held + [part["c"] for part in record.get_fields("905") for _ in part.get_subfields("b")]


def barcodes(record):
    parts = [(part, "p") for part in record.get_fields("952")] + [
        (part, "b") for part in record.get_fields("905")
    ]
    return [value for part, code in parts for value in part.get_subfields(code)]


def showing(name, case):
    return [title["id"] for title in source(name)["title"] if case in title.get("cases", ())]


def wanted(name, title_id):
    shares = order(name, title_id)["distribution"].split(";")
    return {place for place, copies in (share.split("=") for share in shares) if int(copies)}


def on_file(name, case):
    (title_id,) = showing(name, case)
    (record,) = with_isbn(name, "catalogue.mrc", box(name)[title_id]["isbn"])
    return title_id, record


@each_shipment
def test_building_again_gives_the_committed_bytes(name):
    for file, content in BUILDERS[name](SHIPMENTS / name).items():
        assert content == committed(name, file), file


@each_shipment
def test_forty_titles_at_least_lie_in_the_boxes(name):
    of_their_own = [title for title in source(name)["title"] if "same_text_as" not in title]
    assert len({title["id"] for title in of_their_own} & set(box(name))) >= 40


@each_shipment
def test_every_isbn_has_a_right_check_digit_and_a_registered_form(name):
    written = [number for title in source(name)["title"] for number, _ in title.get("isbns", ())]
    assert [number for number in written if isbn.format(number) != number] == []
    files = [row["isbn"] for file in ("orders.csv", "invoice.csv") for row in rows(name, file)]
    printed = [title["isbn"] for title in box(name).values()]
    recorded = [
        number
        for file in ("catalogue.mrc", "vendor.mrc")
        for record in records(name, file)
        for number in isbns(record)
    ]
    assert [number for number in (*files, *printed, *recorded) if number and not isbn.is_valid(number)] == []


@each_shipment
def test_every_case_is_there_and_explained(name):
    cases = {case for title in source(name)["title"] for case in title.get("cases", ())}
    assert cases >= CASES | ONLY_IN[name]
    readme = (SHIPMENTS / name / "README.md").read_text("utf-8")
    special = [title["id"][3:] for title in source(name)["title"] if title.get("cases")]
    assert [number for number in special if number not in readme] == []


@each_shipment
def test_records_read_back_identically(name):
    for file in ("catalogue.mrc", "vendor.mrc"):
        written = b""
        for record in records(name, file):
            blank = PROFILES[name]["records"]["format"] == "cnmarc"
            content = bytearray(record.as_marc())
            content[9:10] = b" " if blank else b"a"
            written += bytes(content)
        assert written == committed(name, file)


@each_shipment
def test_item_numbers_are_valid_distinct_and_below_the_profile_s_range(name):
    numbers = [number for record in records(name, "catalogue.mrc") for number in barcodes(record)]
    range_ = PROFILES[name]["numbers"]["item"]
    assert len(set(numbers)) == len(numbers) > 10
    for number in numbers:
        assert luhn.is_valid(number)
        assert number.startswith(range_["item_type_digit"] + range_["institution"])
        assert int(number[5:13]) < range_["first"]


@each_shipment
def test_outcome_0_the_order_names_its_preliminary_record(name):
    title_id, record = on_file(name, "outcome_0_order_record")
    assert order(name, title_id)["record_id"] == record["001"].data
    assert copies_held(record) == []
    assert [row["line"] for row in rows(name, "orders.csv") if row["record_id"]] == [str(int(title_id[3:]))]


@each_shipment
def test_outcome_1_only_the_vendor_has_a_record(name):
    for title_id in showing(name, "outcome_1_new"):
        number = box(name)[title_id]["isbn"]
        assert with_isbn(name, "catalogue.mrc", number) == []
        assert len(with_isbn(name, "vendor.mrc", number)) == 1


@each_shipment
def test_outcome_2_a_record_has_neither_items_nor_an_order(name):
    title_id, record = on_file(name, "outcome_2_record_without_items")
    assert copies_held(record) == []
    assert order(name, title_id)["record_id"] == ""


@each_shipment
def test_outcome_3_all_places_hold_it_and_none_wants_it(name):
    title_id, record = on_file(name, "outcome_3_none_wanted")
    assert set(copies_held(record)) == {place["code"] for place in PROFILES[name]["locations"]}
    assert order(name, title_id)["copies"] == "0"


@each_shipment
def test_outcome_4_another_place_holds_it(name):
    title_id, record = on_file(name, "outcome_4_other_location")
    assert copies_held(record)
    assert not wanted(name, title_id) & set(copies_held(record))


@each_shipment
def test_outcome_5_the_same_place_wants_a_further_copy(name):
    title_id, record = on_file(name, "outcome_5_further_copy")
    assert wanted(name, title_id) <= set(copies_held(record))


@each_shipment
def test_the_cip_record_has_no_extent(name):
    (title_id,) = showing(name, "cip_upgrade")
    (record,) = with_isbn(name, "vendor.mrc", box(name)[title_id]["isbn"])
    assert record.leader[17] in "82"
    extents = [part for tag in ("300", "215") for part in record.get_fields(tag)]
    assert not any(digit.isdigit() for part in extents for digit in part.get("a", ""))


@each_shipment
def test_a_title_without_record_is_in_neither_file(name):
    (title_id,) = showing(name, "no_record")
    number = order(name, title_id)["isbn"]
    assert with_isbn(name, "catalogue.mrc", number) + with_isbn(name, "vendor.mrc", number) == []


@each_shipment
def test_the_misprinted_barcode_belongs_to_a_title_on_the_shelf(name):
    (title_id,) = showing(name, "isbn_of_another_title")
    printed, ordered = box(name)[title_id]["isbn"], order(name, title_id)["isbn"]
    assert printed != ordered
    (other,) = with_isbn(name, "catalogue.mrc", printed)
    assert copies_held(other)
    assert ordered in "".join(box(name)[title_id]["copyright_page"]).replace("-", "")


@each_shipment
def test_both_bindings_share_one_vendor_record(name):
    numbers = [box(name)[title_id]["isbn"] for title_id in showing(name, "both_bindings_one_record")]
    assert len(set(numbers)) == 2
    found = [with_isbn(name, "vendor.mrc", number) for number in numbers]
    assert [len(each) for each in found] == [1, 1]
    assert found[0][0] is found[1][0]


@each_shipment
def test_the_old_edition_is_on_the_shelf(name):
    (title_id,) = showing(name, "new_edition")
    proper = next(title["title"] for title in source(name)["title"] if title["id"] == title_id)
    older = [title for title in source(name)["on_file"] if title["title"] == proper and title["items"]]
    assert older


@each_shipment
def test_volumes_of_the_set_share_an_isbn_and_differ_in_number(name):
    lines = [order(name, title_id) for title_id in showing(name, "two_volume_set")]
    assert len({line["isbn"] for line in lines}) == 1
    assert sorted(line["volume"] for line in lines) == ["1", "2"]


@each_shipment
def test_counts_and_prices_differ_where_they_should(name):
    (short,), (surplus,), (dearer,) = (
        showing(name, case) for case in ("short", "surplus", "price_difference")
    )
    assert box(name)[short]["copies"] < int(order(name, short)["copies"])
    assert box(name)[surplus]["copies"] > int(order(name, surplus)["copies"])
    assert invoiced(name, dearer)["unit_price"] != order(name, dearer)["price"]
    (unasked,), (gift,) = showing(name, "not_ordered"), showing(name, "gift")
    assert order(name, unasked) is None and invoiced(name, unasked) is not None
    assert order(name, gift)["source"] == "gift" and order(name, gift)["price"] == ""
    assert invoiced(name, gift) is None


@each_shipment
def test_bodies_are_what_the_cases_say(name):
    def body(case):
        return box(name)[showing(name, case)[0]]

    assert body("damaged")["slip"] == "WC-DAMAGED"
    assert body("book_and_cd")["insert"] == "CD"
    assert body("boxed_set")["binding"] == "slipcase"
    assert body("pamphlet")["thickness_mm"] <= 2
    assert body("right_to_left")["direction"] == "rtl"
    assert body("no_barcode")["isbn"] is None and not body("no_barcode")["back_isbn_text"]
    assert body("five_copies")["copies"] == 5
    oversize = min(place["oversize_cm"] for place in PROFILES[name]["locations"] if "oversize_cm" in place)
    assert body("oversize")["height_mm"] > 10 * (oversize - 1)


@each_shipment
@pytest.mark.parametrize("seed", range(20))
def test_the_first_24_books_show_eight_special_cases(name, seed):
    always = [
        title["title_id"] for title in box(name).values() if title["showcase"] for _ in range(title["copies"])
    ]
    others = [
        title["title_id"]
        for title in box(name).values()
        if not title["showcase"]
        for _ in range(title["copies"])
    ]
    fill = numpy.random.default_rng(seed).permutation(others)[: 24 - len(always)]
    shown = {*always, *fill.tolist()}
    special = {
        case for title in source(name)["title"] if title["id"] in shown for case in title.get("cases", ())
    }
    assert len(always) <= 22
    assert len(special) >= 8


@each_shipment
def test_printed_lines_fit_the_page(name):
    def width(line):
        return sum(2 if ord(character) > 0x2E7F else 1 for character in line)

    for title in box(name).values():
        assert max(width(line) for line in title["copyright_page"]) <= 60, title["title_id"]
        assert len(title["copyright_page"]) <= 40


@each_shipment
def test_records_agree_with_the_book_they_describe(name):
    for title in box(name).values():
        if title["isbn"] in (None, box(name)[showing(name, "isbn_of_another_title")[0]]["isbn"]):
            continue
        for record in with_isbn(name, "vendor.mrc", title["isbn"]):
            proper = record["245"]["a"].rstrip(" :/") if "245" in record else record["200"]["a"]
            assert proper.casefold() == title["title_page"]["title"].casefold()
