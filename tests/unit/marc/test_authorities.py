import json
from datetime import date

import pytest
from marc_samples import evidence, marc21, profile
from pymarc import Leader, Record
from typer.testing import CliRunner

from marc import Authorities, Catalogue, check_headings, draft, link_headings, to_iso2709
from marc.authorities import check
from marc.fields import control_field, data_field, values
from marc.headings import Heading
from workcell.cli.app import app
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import evidence_to_json


def authority(id_: str, *fields: tuple[str, str]) -> Record:
    """An authority record: 001, and fields as ("100 1 ", "$aName,$d1900-")."""
    record = Record()
    record.leader = Leader("00000nz  a2200000n  4500")
    record.fields = [control_field("001", id_), control_field("003", "DLC")]
    for head, text in fields:
        parts = [(part[0], part[1:]) for part in text.split("$")[1:]]
        record.fields.append(data_field(head[:3], head[4:6].ljust(2), parts))
    return record


RECORDS = [
    authority("n1", ("100 1 ", "$aMacfarlane, Robert,$d1976-"), ("400 1 ", "$aMacFarlane, R."),
              ("400 1 ", "$aMcFarlane, Robert,$d1976-")),
    authority("n2", ("100 1 ", "$aSmith, John,$d1900-1970")),
    authority("n3", ("100 1 ", "$aSmith, John,$d1950-")),
    authority("n4", ("100 1 ", "$aKimmerer, Robin Wall")),
    authority("n5", ("110 2 ", "$aUnited Nations"), ("410 2 ", "$aUN")),
    authority("u1", ("200  0", "$a马伯庸$9ma bo yong"), ("400  0", "$a马力")),
]  # fmt: skip


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "authorities.mrc"
    path.write_bytes(b"".join(to_iso2709(record, "marc21") for record in RECORDS))
    with Authorities(tmp_path / "cat.authorities", writable=True) as held:
        report = held.import_files([path], "test")
        assert (report.kept, report.other, report.bad) == (6, 0, [])
        yield held


@pytest.mark.parametrize(
    ("name", "dates", "code"),
    [
        ("Kimmerer, Robin Wall", "", None),
        ("Macfarlane, Robert", "1976-", None),
        ("Smith, John", "1950-", None),
        ("Smith, John", "", "HEADING_AMBIGUOUS"),
        ("Macfarlane, Robert", "", "HEADING_DATES"),
        ("Macfarlane, Robert", "1912-", "HEADING_DATES"),
        ("McFarlane, Robert", "1976-", "HEADING_VARIANT"),
        ("Nobody, Anna", "", "HEADING_NEW"),
        ("马伯庸", "", None),
        ("马力", "", "HEADING_VARIANT"),
    ],
)
def test_a_heading_is_confirmed_or_a_person_is_told_why_not(file, name, dates, code) -> None:
    reason = check(Heading("person", name, dates), file, None)
    assert (reason.code if reason else None) == code


def test_nothing_is_said_where_no_authority_of_the_kind_is_known(file) -> None:
    assert check(Heading("meeting", "Congress of Cooks"), file, None) is None


def test_the_catalogues_own_headings_count(file, tmp_path) -> None:
    records = tmp_path / "own.mrc"
    own = marc21("100 1  $aNobody, Anna,$d1960-", "245 10 $aA book.", "700 1  $aFriend, Ben.")
    records.write_bytes(to_iso2709(own, "marc21"))
    with Catalogue.open(tmp_path / "cat") as catalogue:
        catalogue.import_files([records], "catalogue")
        assert check(Heading("person", "Nobody, Anna", "1960-"), file, catalogue) is None
        assert check(Heading("person", "Friend, Ben"), file, catalogue) is None
        told = check(Heading("person", "Nobody, Anna"), file, catalogue)
        assert told is not None
        assert told.code == "HEADING_DATES"
        assert "1960-" in told.text


def test_only_an_exact_and_single_match_is_linked(file) -> None:
    record = marc21(
        "100 1  $aKimmerer, Robin Wall,$eauthor.", "245 10 $aA.", "700 1  $aSmith, John,$eeditor.",
        "700 1  $aMacfarlane, Robert,$eeditor.", "710 2  $aUN.",
    )  # fmt: skip
    made = link_headings(record, file)
    assert values(made, "100", "0") == ["(DLC)n4"]
    assert values(made, "700", "0") == values(made, "710", "0") == []
    assert values(record, "100", "0") == []
    assert [reason.code for reason in check_headings(record, file, None)] == [
        "HEADING_AMBIGUOUS", "HEADING_DATES", "HEADING_VARIANT",
    ]  # fmt: skip


def test_checking_changes_no_heading(file) -> None:
    record = draft(evidence(title="A", names=("R. MacFarlane",)), profile("en"), date(2026, 5, 4))
    before = str(record)
    check_headings(record, file, None)
    assert str(record) == before


def test_importing_again_replaces_and_bibliographic_records_are_not_taken(file, tmp_path) -> None:
    path = tmp_path / "again.mrc"
    changed = authority("n4", ("100 1 ", "$aKimmerer, R. W."))
    path.write_bytes(to_iso2709(changed, "marc21") + to_iso2709(marc21("245 10 $aA."), "marc21"))
    report = file.import_files([path], "test")
    assert (report.kept, report.other, file.count()) == (1, 1, 6)
    told = check(Heading("person", "Kimmerer, Robin Wall"), file, None)
    assert told is not None


def test_the_command_line_imports_checks_and_drafts(tmp_path) -> None:
    records, out = tmp_path / "a.mrc", tmp_path / "d.mrc"
    records.write_bytes(b"".join(to_iso2709(record, "marc21") for record in RECORDS))
    seen = tmp_path / "evidence.json"
    book = evidence(title="Underland", names=("John Smith",), language="eng")
    seen.write_text(json.dumps(evidence_to_json(book)), "utf-8")
    run = CliRunner().invoke
    kept = ["--authorities", str(tmp_path / "x.authorities")]
    assert run(app, ["authority", "import", str(records), *kept]).exit_code == 0
    drafted = ["marc", "draft", "--evidence", str(seen), "--format", "marc21", "-o", str(out), *kept]
    assert run(app, drafted).exit_code == 0
    note = json.loads((tmp_path / "d.mrc.provenance.json").read_text("utf-8"))
    assert [reason["code"] for reason in note["notes"]] == ["HEADING_AMBIGUOUS"]
    checked = run(app, ["authority", "check", str(out), *kept, "--json"])
    assert checked.exit_code == 1
    assert json.loads(checked.stdout)["findings"][0]["code"] == "HEADING_AMBIGUOUS"


def test_what_is_no_authority_file_is_refused(tmp_path) -> None:
    other = tmp_path / "text.txt"
    other.write_text("no database", "utf-8")
    with pytest.raises(BadInput, match="no authority file"):
        Authorities(other)
    with pytest.raises(BadInput, match="no such"):
        Authorities(tmp_path / "none")
