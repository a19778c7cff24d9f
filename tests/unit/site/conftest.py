"""A made-up batch in either language: five books that end in every way."""

import hashlib
import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pymarc
import pytest
from PIL import Image, ImageDraw
from pymarc import Field, Indicators, Subfield

from workcell.kernel.events import GENESIS, Event, event_hash
from workcell.kernel.evidence import (
    Barcode,
    Evidence,
    Face,
    FieldValue,
    ImageEvidence,
    IsbnEvidence,
    Measured,
)
from workcell.kernel.model import (
    Candidate,
    Decision,
    DecisionKind,
    FieldComparison,
    Marks,
    OrderLine,
    Outcome,
    Proof,
    Reason,
    Verdict,
)
from workcell.kernel.profile import load_profile
from workcell.site import (
    AlarmResult,
    BatchResult,
    BookResult,
    Case,
    CaseKind,
    ImageResult,
    InvoiceLine,
    LabelResult,
    Pace,
    Site,
    SpineResult,
    TagResult,
    VoidedNumber,
    write_number,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PROFILES = Path(__file__).parents[3] / "examples" / "profiles"


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def site(tmp_path):
    opened = Site.open(f"sqlite:///{tmp_path / 'site.db'}")
    yield opened
    opened.close()


@pytest.fixture(params=["en", "zh"])
def language(request):
    return request.param


@pytest.fixture
def batch(language, tmp_path):
    return make_batch(language, tmp_path / "store")


@pytest.fixture
def english_batch(tmp_path):
    return make_batch("en", tmp_path / "store")


TITLES = {
    "en": [
        ("The keeper of small gardens", "Marsh, Elinor", "Fernhill Press", "2024"),
        ("A history of rain <b>in</b> cities", "Okafor, Daniel", "Northbank Books", "2023"),
        ("Bridges & tunnels", "Lindqvist, Sara", "Civil House", "2022"),
        ("The long tide", "Moreau, Jean", "Harbour Editions", "2021"),
        ("Unlisted", "Nemo", "Nowhere", "2020"),
    ],
    "zh": [
        ("小园守望者", "马晓林", "枫山出版社", "2024"),
        ("城市雨史", "欧阳达", "北岸书局", "2023"),
        ("桥与隧道", "林莎", "建工书社", "2022"),
        ("漫长的潮汐", "莫让", "海港出版社", "2021"),
        ("无名之书", "佚名", "某社", "2020"),
    ],
}
OUTCOMES = [Outcome.CATALOGUED, Outcome.CATALOGUED, Outcome.REVIEW, Outcome.REJECTED, Outcome.MISSING]
ISBNS = ["9780306406157", "9781861972712", "9780131103627", "9780596007973", "9780262033848"]


def make_batch(language: str, store: Path) -> BatchResult:
    """Ready twice (the second on its second label), one wrong mark caught, one returned, one missing."""
    profile = load_profile(PROFILES / f"{language}.toml")
    orders = tuple(
        OrderLine(
            str(n + 1),
            ISBNS[n],
            TITLES[language][n][0],
            copies=2 if n == 3 else 1,
            price=Decimal("24.50"),
            currency="USD" if language == "en" else "CNY",
            binding="paperback",
            fund="GEN",
        )
        for n in range(4)
    )
    invoice = tuple(
        InvoiceLine(
            o.line,
            o.isbn,
            o.title,
            o.copies,
            Decimal("26.00") if o.line == "2" else o.price,
            o.currency,
            Decimal(10),
        )
        for o in orders
    )
    books = tuple(_book(language, n, profile, orders, store) for n in range(5))
    case = Case(
        "R00001",
        CaseKind.MARKS,
        "B1",
        "bridges",
        ("b3",),
        books[2].reasons,
        decision=books[2].decision,
        slip="WC-R00001",
        opened_at=NOON.isoformat(),
    )
    return BatchResult(
        batch_id="B1",
        line_id="twin-1",
        profile=profile,
        started_at=NOON,
        seconds=95.0,
        pace=Pace(400.0, 900.0),
        books=books,
        orders=orders,
        invoice=invoice,
        cases=(case,),
        voided=(
            VoidedNumber(
                "item",
                books[2].labels[0].barcode,
                "scan did not agree with the record",
                NOON.isoformat(),
                "b3",
            ),
        ),
        alarms=(
            AlarmResult(
                NOON.isoformat(), "Jam at page_turn", "Free the book, then unhold.", "b4", NOON.isoformat()
            ),
        ),
        notes=("Demonstration: every decision ran on auto.",),
    )


def _book(language, n, profile, orders, store):
    title, author, publisher, year = TITLES[language][n]
    outcome = OUTCOMES[n]
    barcode = write_number(profile.numbers.item, 1000 + n)
    marked = n < 3
    decision = _decision(n, title) if n < 4 else None
    marks = Marks(
        barcode,
        write_number(profile.numbers.accession, profile.numbers.accession.first + n),
        profile.locations[0].code,
        "813.6 M37k" if language == "en" else "TU986/12",
        ("813.6", "M37k") if language == "en" else ("TU986", "12"),
        {1: barcode, 3: profile.agency.isil, 5: "10"},
        profile.locations[0].bin,
    )
    pictures, seen = _pictures(title, author, publisher, ISBNS[n], barcode, store, f"b{n + 1}")
    evidence = (
        Evidence(
            images=seen,
            isbn=IsbnEvidence(ISBNS[n], ("barcode:back_cover", "text:copyright_page"), 0.999, True),
            fields={
                "title": FieldValue(title, title.lower(), 0.97, "title_page", (60, 120, 480, 60)),
                "names": [FieldValue(author, "", 0.93, "title_page", (60, 320, 300, 40), role="author")],
                "publisher": FieldValue(publisher, "", 0.88, "title_page", (60, 720, 300, 40)),
                "year": FieldValue(year, year, 0.99, "copyright_page"),
            },
            measured=Measured(229, 152, 22, 410),
        )
        if n < 4
        else Evidence()
    )
    wrong = n == 2
    return BookResult(
        book_id=f"b{n + 1}",
        track_id=n + 1,
        outcome=outcome,
        reasons=_reasons(n),
        evidence=evidence,
        decision=decision,
        title_key=title,
        marks=marks if marked else None,
        record=_record(profile.records.format, n, TITLES[language][n], marks)
        if outcome is Outcome.CATALOGUED
        else None,
        tag=TagResult(
            f"E0040150CAFE{n:04X}", 7, "91000e", barcode, {1: barcode, 3: profile.agency.isil, 5: "10"}
        )
        if marked
        else None,
        labels=tuple(
            LabelResult(copy.surface, barcode, _label_png(barcode), b"^XA^FS^XZ")
            for copy in profile.labels.copies
        )
        if marked
        else (),
        spine=SpineResult(marks.spine_lines, _spine_png(marks.spine_lines), b"^XA^XZ") if marked else None,
        proofs=(
            Proof("barcode label", barcode, "31940000099999" if wrong else barcode, not wrong),
            Proof("tag", barcode, barcode, True),
            Proof("stamp", "on the title page", "on the title page", True),
        )
        if marked
        else (),
        images=pictures if n < 4 else (),
        events=tuple(_events(f"b{n + 1}")),
        seconds={"supply": 2.1, "posture": 2.4, "page_turn": 9.2 + n / 10, "verify": 2.0},
        order_line=orders[n] if n < 4 else None,
        price=Decimal("24.50") if n < 4 else None,
        currency=orders[0].currency,
        bin={Outcome.CATALOGUED: "main", Outcome.REVIEW: "review", Outcome.REJECTED: "reject"}.get(
            outcome, ""
        ),
        case_id="R00001" if n == 2 else "",
        voided=(barcode,) if n == 2 else (),
        left_after=20.0 + 9 * n if n < 4 else None,
    )


def _reasons(n):
    texts = {
        2: ("PROOF_FAILED", "The label reads 31940000099999 where another number belongs."),
        3: ("DAMAGED", "The unpacking slip says that this copy is damaged."),
        4: ("LOST", "It was fed and never arrived at page_turn."),
    }
    return (Reason(*texts[n]),) if n in texts else ()


def _decision(n, title):
    comparison = {
        "title": FieldComparison(title, title.upper(), Verdict.AGREE, 0.5),
        "year": FieldComparison("2024", "2019", Verdict.DIFFER, 0.2),
        "edition": FieldComparison("", "2nd ed.", Verdict.MISSING, 0.1),
    }
    return Decision(
        DecisionKind.EXISTING,
        f"rec{n + 1}",
        0.94,
        0.85,
        (Reason("RECORD_ON_FILE", "The title is on file."),),
        (Candidate(f"rec{n + 1}", "catalogue", 0.94, comparison), Candidate("v77", "vendor", 0.61, {})),
        "catalogue",
        str(n + 1),
    )


def _record(format, n, facts, marks):
    title, author, publisher, year = facts
    record = pymarc.Record(force_utf8=True)
    record.add_field(Field(tag="001", data=f"rec{n + 1}"))
    tags = {
        "marc21": [
            ("020", "  ", "a", ISBNS[n]),
            ("100", "1 ", "a", author),
            ("245", "10", "a", f"{title} /"),
            ("264", " 1", "b", f"{publisher},"),
            ("264", " 1", "c", f"{year}."),
            ("952", "  ", "p", marks.barcode),
        ],
        "cnmarc": [
            ("010", "  ", "a", ISBNS[n]),
            ("200", "1 ", "a", title),
            ("200", "1 ", "f", author),
            ("210", "  ", "c", publisher),
            ("210", "  ", "d", year),
            ("905", "  ", "b", marks.barcode),
        ],
    }
    fields: dict[str, Field] = {}
    for tag, indicators, code, value in tags[format]:
        if tag not in fields:
            fields[tag] = Field(tag=tag, indicators=Indicators(*indicators), subfields=[])
            record.add_field(fields[tag])
        fields[tag].subfields.append(Subfield(code, value))
    return record


def _pictures(title, author, publisher, isbn, barcode, store, name):
    pictures, seen = [], []
    plans = [("title_page", 0), ("back_cover", 90), ("copyright_page", 180)]
    for face, rotation in plans:
        image = Image.new("RGB", (600, 800), "#f4efe2")
        draw = ImageDraw.Draw(image)
        for text, y in ((face, 40), (title, 130), (author, 325), (publisher, 725)):
            draw.text((62, y), text.encode("ascii", "replace").decode(), fill="#222222", font_size=30)
        draw.rectangle((380, 600, 540, 680), outline="#222222", width=3)
        upright_turned = image.rotate(rotation, expand=True)
        store.mkdir(parents=True, exist_ok=True)
        path = store / f"{name}-{face}.jpg"
        upright_turned.save(path, quality=80)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        pictures.append(ImageResult("page", f"images/{path.name}", path, digest, "page_turn"))
        barcodes = (
            (Barcode(isbn, "EAN13", ((380, 600), (540, 600), (540, 680), (380, 680))),)
            if rotation == 0
            else ()
        )
        seen.append(
            ImageEvidence(
                path.name,
                digest,
                Face(face),
                rotation,
                barcodes=barcodes,
                problems=("glare on the lower edge",) if rotation == 180 else (),
            )
        )
    store.mkdir(parents=True, exist_ok=True)
    return tuple(pictures), tuple(seen)


def _label_png(barcode):
    image = Image.new("1", (400, 200), 1)
    draw = ImageDraw.Draw(image)
    for place, digit in enumerate(barcode):
        draw.rectangle((30 + place * 24, 30, 30 + place * 24 + 3 + int(digit), 140), fill=0)
    draw.text((90, 150), barcode, fill=0, font_size=28)
    return _png(image)


def _spine_png(lines):
    image = Image.new("1", (200, 300), 1)
    for row, line in enumerate(lines):
        ImageDraw.Draw(image).text((30, 60 + 50 * row), line, fill=0, font_size=34)
    return _png(image)


def _png(image):
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def _events(book_id):
    before = GENESIS
    for seq, (type_, body) in enumerate(
        [
            ("effect.intended", {"key": "feed", "verb": "feed"}),
            ("effect.done", {"code": "ok"}),
            ("evidence.found", {"name": "<script>alert(1)</script>"}),
            ("book.left", {"outcome": "catalogued", "bin": "main"}),
        ],
        start=1,
    ):
        facts = ("twin-1", "B1", book_id, "", type_, 1, NOON.isoformat(), body)
        digest = event_hash(before, seq, *facts)
        yield Event(seq, *facts, before, digest)
        before = digest


@pytest.fixture
def copies_of():
    """The first book of a batch as several copies of one title, each with its own number."""

    def make(batch, copies):
        first = batch.books[0]
        format = batch.profile.records.format
        facts = TITLES[batch.profile.language][0]
        books = []
        for n in range(copies):
            marks = replace(first.marks, barcode=write_number(batch.profile.numbers.item, 2000 + n))
            books.append(
                replace(
                    first, book_id=f"c{n}", marks=marks, record=_record(format, 0, facts, marks), labels=()
                )
            )
        return replace(batch, books=tuple(books))

    return make
