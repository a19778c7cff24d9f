from datetime import date
from decimal import Decimal

import pytest
from marc_samples import cnmarc, evidence, marc21, profile

from marc import (
    Catalogue,
    add_item,
    call_number,
    fill_gaps,
    house_rules,
    open_sources,
    overlay,
    prepare,
    record_facts,
    to_iso2709,
    upgrade_cip,
    validate,
)
from marc.cutter import cutter
from marc.fields import control, first, values
from workcell.kernel.model import Candidate, Decision, DecisionKind, Marks

WHEN = date(2026, 5, 4)
SEEN = evidence(title="Cod", names=("Mark Kurlansky",), year="1998", pages="294", height=198.0)
FULL = (
    "020    $a9780140275018", "082 04 $a639.2/773$221", "100 1  $aKurlansky, Mark,$eauthor.",
    "245 10 $aCod /$cMark Kurlansky.", "264  1 $aNew York :$bPenguin Books,$c1998.",
    "300    $a294 pages ;$c20 cm", "040    $aDLC$cDLC", "938    $aVendor",
)  # fmt: skip


# --- upgrading ---------------------------------------------------------------------------------------------


def test_a_cip_record_is_completed_from_the_book() -> None:
    cip = marc21(
        "008 970304s1997    nyu           000 0 eng d", *FULL[:4], "263    $a9711",
        "264  1 $aNew York :$bPenguin Books,$c1997.", "300    $apages :$billustrations ;$ccm", level="8",
    )  # fmt: skip
    made = upgrade_cip(cip, SEEN, profile(), WHEN)
    assert str(made.leader)[17] == " "
    assert not made.get_fields("263")
    assert str(made["300"]) == "=300  \\\\$a294 pages :$billustrations ;$c20 cm"
    assert made["264"]["c"] == "1998."
    assert control(made, "008")[6:15] == "s1998    "
    assert len(control(made, "008")) == 40
    assert first(cip, "263", "a") == "9711"


def test_the_level_is_full_only_when_everything_was_seen() -> None:
    cip = marc21(*FULL[:5], "300    $ap. cm.", level="8")
    without_pages = evidence(title="Cod", year="1998", height=198.0)
    assert str(upgrade_cip(cip, without_pages, profile(), WHEN).leader)[17] == "5"
    other_title = evidence(title="Haddock", year="1998", pages="294", height=198.0)
    assert str(upgrade_cip(cip, other_title, profile(), WHEN).leader)[17] == "5"


def test_a_chinese_cip_record_is_completed_too() -> None:
    cip = cnmarc(
        "100    $a20240115d2024    em y0chiy50      ea", "200 1  $a大规模语言模型", "210    $d2024",
        "215    $c图", "300    $a据在版编目数据著录", level="2",
    )  # fmt: skip
    seen = evidence(title="大规模语言模型", year="2024.1", pages="314", height=235.0)
    made = upgrade_cip(cip, seen, profile("zh"), WHEN)
    assert str(made["215"]) == "=215  \\\\$a314页$c图$d24cm"
    assert str(made.leader)[17] == " "
    assert not made.get_fields("300")


# --- merging -----------------------------------------------------------------------------------------------


def test_overlay_keeps_id_items_orders_and_protected_fields() -> None:
    on_file = marc21(
        "001 rv1",
        "003 XxRvPL",
        "245 10 $aCod.",
        "590    $aOur note",
        "952    $aMAIN$p1",
        "960    $o1",
        level="5",
    )
    incoming = marc21("001 v1", "003 Other", *FULL, "590    $aTheir note", "952    $aTHEIRS$p9")
    made = overlay(on_file, incoming, profile())
    assert (control(made, "001"), control(made, "003")) == ("rv1", "XxRvPL")
    assert values(made, "590", "a") == ["Our note"]
    assert values(made, "952", "p") == ["1"]
    assert values(made, "960", "o") == ["1"]
    assert made["300"]["a"] == "294 pages ;"


def test_a_fuller_record_is_never_downgraded() -> None:
    on_file = marc21("001 rv1", *FULL, level=" ")
    poorer = marc21("001 v1", "245 10 $aCOD", "520    $aA summary", level="7")
    made = overlay(on_file, poorer, profile())
    assert made["245"]["a"] == "Cod /"
    assert str(made.leader)[17] == " "
    assert made["520"]["a"] == "A summary"


def test_filling_gaps_changes_nothing_that_is_there() -> None:
    made = fill_gaps(marc21("245 10 $aCod.", "260    $aNew York"), marc21(*FULL))
    assert made["245"]["a"] == "Cod."
    assert not made.get_fields("264")
    assert made["300"]["a"] == "294 pages ;"


def test_a_record_from_outside_is_stripped_and_signed() -> None:
    made = house_rules(marc21("001 v1", *FULL), profile(), WHEN)
    assert not made.get_fields("938")
    assert values(made, "040", "d") == ["XxRvPL"]
    assert values(house_rules(made, profile(), WHEN), "040", "d") == ["XxRvPL"]


# --- call numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "number"),
    [("Booth, Wayne C.", "B66"), ("Kurlansky, Mark", "K87"), ("Diamond, Jared", "D53"), ("Queiroz", "Q45"),
     ("Schreiber", "S37"), ("Stinson", "S75"), ("Campbell", "C36"), ("Idaho", "I33"), ("Ångström", "A54"),
     ("1984", "A12"), ("三体", ""), ("", "")],
)  # fmt: skip
def test_cutters_follow_the_lc_table(heading: str, number: str) -> None:
    assert cutter(heading) == number


def _number(record, language="en", location="MAIN", seen=SEEN) -> str | None:
    library = profile(language)
    return call_number(record_facts(record), seen, library.location(location), library, lambda _: 41)


def test_a_new_title_gets_class_and_cutter() -> None:
    assert _number(marc21(*FULL)) == "639.2773 K87"


def test_an_added_copy_takes_the_call_number_on_file() -> None:
    assert _number(marc21(*FULL, "952    $aMAIN$o639.2 KUR$p1")) == "639.2 KUR"
    assert _number(marc21(*FULL, "952    $aEAST$o639.2 KUR$p1")) == "639.2 KUR"


def test_the_class_comes_from_the_cip_block_when_the_record_has_none() -> None:
    seen = evidence(title="Cod", names=("Mark Kurlansky",), classes=(("ddc", "639.2/773"),))
    assert _number(marc21("100 1  $aKurlansky, Mark.", "245 10 $aCod"), seen=seen) == "639.2773 K87"
    assert _number(marc21("245 10 $aCod")) is None


def test_a_tall_book_is_shelved_as_oversize() -> None:
    assert _number(marc21(*FULL), seen=evidence(title="Cod", height=330.0)) == "q 639.2773 K87"
    assert _number(marc21(*FULL), seen=evidence(title="Cod", height=330.0), location="EAST") == "639.2773 K87"


def test_a_running_number_is_asked_for_once_for_its_class() -> None:
    asked = []
    library = profile("zh")
    record = cnmarc("200 1  $a三体", "690    $aI247.55$v5")
    number = call_number(
        record_facts(record), SEEN, library.location("ZK"), library, lambda c: asked.append(c) or 12
    )
    assert (number, asked) == ("I247.55/12", ["I247.55"])
    held = cnmarc("200 1  $a三体", "690    $aI247.55", "905    $aBJTSG$b1$cZK$dI247.55$e7")
    assert (
        call_number(record_facts(held), SEEN, library.location("ZK"), library, lambda c: 1 / 0) == "I247.55/7"
    )


# --- items -------------------------------------------------------------------------------------------------


def _marks(barcode: str, location: str, number: str, volume: str = "") -> Marks:
    return Marks(barcode, "R0000001", location, number, (), volume=volume)


def test_koha_items_repeat_for_copies_and_never_for_a_barcode() -> None:
    record = marc21(*FULL)
    for barcode in ("31", "32", "32"):
        record = add_item(
            record,
            _marks(barcode, "MAIN", "639.2773 K87", "v. 2"),
            profile(),
            price=Decimal("17"),
            currency="USD",
            on=WHEN,
        )
    assert values(record, "952", "p") == ["31", "32"]
    assert values(record, "952", "ag") == ["MAIN", "17.00", "MAIN", "17.00"]
    assert values(record, "952", "h") == ["v. 2", "v. 2"]
    facts = record_facts(record)
    assert facts.items[0].at("MAIN")
    assert facts.items[0].call_number == "639.2773 K87"


@pytest.mark.parametrize("tag", ["852", "905", "949", "952", "995"])
def test_every_item_field_is_read_back_as_written(tag: str) -> None:
    library = profile("zh" if tag in ("905", "995") else "en")
    library = library.model_copy(update={"records": library.records.model_copy(update={"item_field": tag})})
    location = library.locations[0].code
    number = "大/I247.55/12" if tag in ("905", "995") else "639.2773 K87"
    record = cnmarc("200 1  $a三体") if tag in ("905", "995") else marc21(*FULL)
    made = add_item(record, _marks("34401000000011", location, number), library, price=Decimal("23"), on=WHEN)
    (item,) = record_facts(made).items
    assert item.barcodes == ("34401000000011",)
    assert item.at(location)
    assert item.call_number == number


# --- preparing and validating ------------------------------------------------------------------------------


@pytest.fixture
def sources(tmp_path):
    brief = marc21("001 rv1", "003 XxRvPL", "245 10 $aCod.", "960    $o1", level="5")
    for name, records in (("catalogue", [brief]), ("vendor", [marc21("001 v1", *FULL)])):
        file = tmp_path / f"{name}.mrc"
        file.write_bytes(b"".join(to_iso2709(record, "marc21") for record in records))
        with Catalogue.open(tmp_path / f"{name}.sqlite") as catalogue:
            catalogue.import_files([file], name)
    return {name: tmp_path / f"{name}.sqlite" for name in ("catalogue", "vendor")}


def _prepare(paths, decision, language="en"):
    with open_sources(paths) as opened:
        return prepare(
            SEEN, decision, opened, None, profile(language), location=profile(language).locations[0].code,
            record_key="isbn:9780140275018", on=WHEN,
        )  # fmt: skip


def test_the_orders_record_is_overlaid_by_the_best_from_outside(sources) -> None:
    vendor = Candidate("v1", "vendor", 0.99)
    made = _prepare(sources, Decision(DecisionKind.EXISTING, "rv1", 0.9, 0.85, (), (vendor,), "order"))
    assert control(made.record, "001") == "rv1"
    assert made.record["300"]["a"] == "294 pages ;"
    assert made.record["960"]["o"] == "1"
    assert (made.pattern, made.fitted, made.problems) == ("639.2773 {number}", "K87", ())


def test_the_orders_record_without_help_is_completed_from_the_pages(sources) -> None:
    made = _prepare(sources, Decision(DecisionKind.EXISTING, "rv1", 0.9, 0.85, (), (), "order"))
    assert made.record["245"]["a"] == "Cod."
    assert made.record["300"]["a"] == "294 pages ;"


def test_copies_on_file_are_those_of_the_library_not_of_a_vendor(tmp_path) -> None:
    items = ("952    $aMAIN$p31$t2", "952    $aEAST$p32$t3")
    paths = {}
    for name in ("catalogue", "vendor"):
        file = tmp_path / f"{name}.mrc"
        file.write_bytes(to_iso2709(marc21("001 r1", *FULL, *items), "marc21"))
        paths[name] = tmp_path / f"{name}.sqlite"
        with Catalogue.open(paths[name]) as catalogue:
            catalogue.import_files([file], name)
    on_file = _prepare(paths, Decision(DecisionKind.EXISTING, "r1", 0.99, 0.85, (), (), "catalogue"))
    from_vendor = _prepare(paths, Decision(DecisionKind.COPY, "r1", 0.99, 0.85, (), (), "vendor"))
    assert (on_file.copies, from_vendor.copies) == (3, 0)


def test_a_draft_gets_a_number_that_stays(sources) -> None:
    made = _prepare(sources, Decision(DecisionKind.DRAFT, None, 0.0, 0.85))
    assert control(made.record, "001") == "wc9780140275018"


def test_a_record_of_the_other_format_is_a_problem(sources) -> None:
    made = _prepare(sources, Decision(DecisionKind.COPY, "v1", 0.99, 0.85, (), (), "vendor"), "zh")
    assert [problem.code for problem in made.problems] == ["RECORD_FORMAT"]


@pytest.mark.parametrize(
    ("record", "code", "severity"),
    [
        (marc21("500    $aNo title"), "NO_TITLE", "error"),
        (marc21("008 short", "245 10 $aA"), "CODED_LENGTH", "error"),
        (marc21("245 10 $aA", "245 10 $aB"), "NOT_REPEATABLE", "error"),
        (marc21("245 10 $aA", "100 1  $aB", "110 2  $aC"), "TWO_MAIN_ENTRIES", "error"),
        (marc21("245 10 $aA", "020    $a9780140275010"), "ISBN", "warning"),
        (marc21("245 10 $aA\ufffd"), "LOST_CHARACTER", "warning"),
        (cnmarc("200 1  $a题名", "100    $a2021"), "CODED_LENGTH", "error"),
        (cnmarc("200 1  $a题名"), "NO_CODED_FIELD", "error"),
    ],
)
def test_structural_faults_are_found(record, code: str, severity: str) -> None:
    assert (code, severity) in [(finding.code, finding.severity) for finding in validate(record)]


def test_a_sound_record_has_no_findings() -> None:
    assert validate(marc21("008 250304s1998    nyu           000 0 eng d", *FULL)) == []
