"""The passport of a copy: everything that is known of it, on one page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workcell.kernel.model import Outcome, Proof
from workcell.site.atomic import file_name
from workcell.site.bib import Bib, bib_of, record_lines
from workcell.site.pages import render
from workcell.site.pictures import Picture, Seen, pictures_of, values_seen
from workcell.site.result import BatchResult, BookResult
from workcell.site.tables import money
from workcell.site.words import Words, words_of


@dataclass(frozen=True)
class LabelView:
    """A label as it was printed; ``href`` is empty where no bitmap was kept."""

    surface: str
    barcode: str
    href: str
    void: bool


@dataclass(frozen=True)
class BookView:
    """A copy as pages show it.  Every ``href`` is relative to the page."""

    book: BookResult
    name: str
    bib: Bib
    title: str
    sentence: str
    price: str
    passport: str
    case: str
    labels: tuple[LabelView, ...]
    spine: str
    pictures: list[Picture]
    values: list[Seen]
    record: list[tuple[str, str, str]]
    numbers_agree: bool
    proofs: tuple[tuple[str, str, Proof], ...]
    failed: tuple[Proof, ...]


def book_view(result: BatchResult, book: BookResult, out: Path, root: str) -> BookView:
    """Prepare a copy for a page.  ``root`` leads from that page to the output folder."""
    words = words_of(result.profile.language)
    bib = bib_of(book.record)
    name = file_name(book.book_id)
    return BookView(
        book=book,
        name=name,
        bib=bib,
        title=bib.title
        or book.evidence.text("title")
        or (book.order_line.title if book.order_line else "")
        or name,
        sentence=words[f"so_{book.outcome.value}"].format(book.bin),
        price=f"{money(book.price, result.profile.registers.decimals)} {book.currency}".strip(),
        passport=f"{root}passports/{name}.html",
        case=f"{root}review/{file_name(book.case_id)}/case.html" if _has_case(result, book) else "",
        labels=tuple(
            LabelView(
                label.surface.value,
                label.barcode,
                root + label_path(book, place) if label.png else "",
                label.barcode in book.voided,
            )
            for place, label in enumerate(book.labels)
        ),
        spine=root + spine_path(book) if book.spine and book.spine.png else "",
        pictures=pictures_of(book.images, book.evidence, out, root),
        values=values_seen(book.images, book.evidence, out, root),
        record=record_lines(book.record) if book.record else [],
        numbers_agree=_numbers_agree(book),
        proofs=tuple(
            (_proof_name(proof.what, words), _proof_picture(proof, book, root), proof)
            for proof in book.proofs
        ),
        failed=tuple(proof for proof in book.proofs if not proof.holds),
    )


def passport_html(result: BatchResult, book: BookResult, out: Path) -> str:
    """The passport page; its pictures are links into the output folder ``out``."""
    return render(
        "passport.html.j2",
        result.profile.language,
        result=result,
        view=book_view(result, book, out, "../"),
        home="../report.html",
    )


def label_path(book: BookResult, place: int) -> str:
    """Where the bitmap of a copy's ``place``-th label stands in the output folder.

    The first label of a number is ``labels/<barcode>.png``, further ones carry their surface; labels of
    copies that did not pass stand apart.
    """
    label = book.labels[place]
    earlier = [other for other in book.labels[:place] if other.barcode == label.barcode]
    same = sum(other.surface is label.surface for other in earlier)
    surface = f"-{label.surface.value}" if earlier else ""
    again = f"-{same + 1}" if same else ""
    return f"{_label_folder(book)}/{file_name(label.barcode)}{surface}{again}.png"


def spine_path(book: BookResult) -> str:
    """Where the bitmap of a copy's spine label stands in the output folder."""
    barcode = book.marks.barcode if book.marks else (book.labels[0].barcode if book.labels else book.book_id)
    return f"{_label_folder(book)}/{file_name(barcode)}-spine.png"


def _label_folder(book: BookResult) -> str:
    passed = book.outcome is Outcome.CATALOGUED
    return "labels" if passed else f"labels/not-used/{file_name(book.book_id)}"


def _proof_name(what: str, words: Words) -> str:
    """A proof's name in the page's language: "label on back" and "stamp on title_page" name a surface."""
    kind, _, surface = what.partition(" on ")
    if surface and f"surface_{surface}" in words and f"proof_{kind}_on" in words:
        return words[f"proof_{kind}_on"].format(words[f"surface_{surface}"])
    return words.get(f"proof_{what}", what)


def _proof_picture(proof: Proof, book: BookResult, root: str) -> str:
    """The picture that the proof was read from, where it is kept."""
    paths = (image.path for image in book.images if proof.image and Path(image.path).name == proof.image)
    return next((root + path for path in paths), "")


def _has_case(result: BatchResult, book: BookResult) -> bool:
    return any(case.id == book.case_id for case in result.cases)


def _numbers_agree(book: BookResult) -> bool:
    """Whether labels, tag and record all carry the copy's number."""
    if book.marks is None or not book.labels or book.record is None:
        return False
    number = book.marks.barcode
    on_labels = all(label.barcode == number for label in book.labels)
    in_tag = book.tag is None or book.tag.pii == number
    in_record = any(
        part.value == number
        for field in book.record.fields
        if not field.control_field
        for part in field.subfields
    )
    return on_labels and in_tag and in_record
