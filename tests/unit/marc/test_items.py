from datetime import date
from decimal import Decimal

import pytest
from marc_samples import cnmarc, marc21, profile

from marc import add_item, record_facts
from marc.fields import values
from marc.items import parted
from workcell.kernel.model import Marks

WHEN = date(2026, 5, 4)


def _marks(barcode: str, location: str, number: str, copy: int = 1, volume: str = "") -> Marks:
    return Marks(barcode, f"R{barcode}", location, number, (), copy=copy, volume=volume)


def _library(language: str = "en", location: dict | None = None, **keys):
    library = profile(language)
    first = library.locations[0].model_copy(update=location or {})
    return library.model_copy(
        update={
            "records": library.records.model_copy(update=keys),
            "locations": (first, *library.locations[1:]),
        }
    )


def test_a_koha_item_has_everything_that_is_known_of_the_copy() -> None:
    made = add_item(
        marc21("245 10 $aA."), _marks("31", "MAIN", "q 641.3 K87", 2, "v. 1"), _library(),
        price=Decimal("17"), currency="USD", source="purchase", on=WHEN,
    )  # fmt: skip
    assert str(made["952"]) == (
        "=952  \\\\$2ddc$aMAIN$bMAIN$d2026-05-04$epurchase$g17.00$hv. 1$iR31$oq 641.3 K87$p31$t2$v17.00$yBK"
    )


def test_a_location_inside_a_branch_is_its_shelving_location() -> None:
    library = _library(location={"branch": "CENTRAL"})
    made = add_item(marc21("245 10 $aA."), _marks("31", "MAIN", "641.3 K87"), library, on=WHEN)
    assert values(made, "952", "abc") == ["CENTRAL", "CENTRAL", "MAIN"]
    assert record_facts(made).items[0].at("MAIN")


def test_the_profile_says_which_subfield_takes_what() -> None:
    table = {"x": "barcode", "l": "branch", "z": "call_number", "m": "money"}
    library = _library(item_field="949", item_subfields=table)
    made = add_item(
        marc21("245 10 $aA."), _marks("31", "MAIN", "641.3 K87"), library, price=Decimal("17"),
        currency="USD", on=WHEN,
    )  # fmt: skip
    assert str(made["949"]) == "=949  \\\\$x31$lMAIN$z641.3 K87$m17.00 USD"
    again = add_item(made, _marks("31", "MAIN", "641.3 K88"), library, on=WHEN)
    assert [field["z"] for field in again.get_fields("949")] == ["641.3 K88"]


def test_an_852_parts_prefix_class_and_book_number() -> None:
    library = _library(item_field="852")
    made = add_item(marc21("245 10 $aA."), _marks("31", "MAIN", "q 641.3 K87"), library, on=WHEN)
    assert str(made["852"]) == "=852  1\\$aXxRvPL$bMAIN$kq$h641.3$iK87$p31$t1"


@pytest.mark.parametrize(
    ("number", "parts"),
    [("I247.55/12", ("", "I247.55", "12")), ("大/I247.55/12", ("大", "I247.55", "12")),
     ("I247.55", ("", "I247.55", "")),
     ("I247.55/12/2", ("", "I247.55", "12/2"))],
)  # fmt: skip
def test_a_chinese_call_number_is_parted_at_its_slashes(number: str, parts: tuple[str, ...]) -> None:
    assert parted(number, profile("zh").location("ZK")) == parts


def test_copies_at_one_place_may_share_a_field() -> None:
    library = _library("zh", item_grouping="location")
    record = cnmarc("200 1  $a三体")
    for number, place in (("1", "ZK"), ("2", "ZK"), ("3", "BC"), ("2", "ZK")):
        record = add_item(record, _marks(number, place, "I247.55/12"), library, on=WHEN)
    fields = {field["c"]: (field.get_subfields("b"), field["f"]) for field in record.get_fields("905")}
    assert fields == {"ZK": (["1", "2"], "2"), "BC": (["3"], "1")}


def test_volumes_of_a_set_have_items_of_their_own() -> None:
    library = _library("zh", item_grouping="location")
    record = cnmarc("200 1  $a三国")
    for number, volume in (("1", "上册"), ("2", "下册")):
        record = add_item(record, _marks(number, "ZK", "I242.4/7", volume=volume), library, on=WHEN)
    assert [field["v"] for field in record.get_fields("905")] == ["上册", "下册"]


def test_fields_of_others_are_not_touched() -> None:
    record = marc21("245 10 $aA.", "949    $p12.00$lMAIN")
    made = add_item(record, _marks("31", "MAIN", "641.3 K87"), _library(item_field="949"), on=WHEN)
    assert len(made.get_fields("949")) == 2
    assert len(record.get_fields("949")) == 1
