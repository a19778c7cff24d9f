"""The output folder of a batch: every file that other programs and people rely on, each one whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from workcell.kernel.errors import BadInput, StorageFull
from workcell.kernel.model import Outcome
from workcell.site.atomic import file_name, put, put_json
from workcell.site.cases import Case
from workcell.site.counts import batch_json
from workcell.site.delivery import Delivery, delivery_of, write_load_files
from workcell.site.pages import render
from workcell.site.passport import book_view, label_path, passport_html, spine_path
from workcell.site.registers import register_csv, register_prices, summary_csv
from workcell.site.report import reconcile_result, report_html
from workcell.site.result import BatchResult, BookResult, ImageResult
from workcell.site.review import case_to_json, offered


def write_output(out: Path, batch: BatchResult) -> dict[str, Any]:
    """Write the whole output folder; returns the content of batch.json.

    Writing the same batch again gives the same files.  Raises StorageFull when the disk refuses, BadInput
    when a picture's path leads out of the folder.
    """
    _copy_images(out, batch.books)
    _write_labels(out, batch.books)
    records = batch.profile.records
    write_load_files(out, deliveries_of(batch), records.format, records.item_field)
    _write_registers(out, batch)
    put_json(out / "tags.json", [_tag_json(book) for book in batch.books if book.tag])
    for case in batch.cases:
        _write_case(out, batch, case)
    for book in batch.books:
        put(out / "passports" / f"{file_name(book.book_id)}.html", passport_html(batch, book, out))
    put(out / "report.html", report_html(batch, reconcile_result(batch), out))
    content = batch_json(batch)
    put_json(out / "batch.json", content)
    return content


def deliveries_of(batch: BatchResult) -> list[Delivery]:
    """What the library system gets: one delivery for each copy that went to the shelves."""
    prices = register_prices(batch.books, batch.profile)
    return [
        delivery_of(book, batch.profile, batch.batch_id, prices.get(book.book_id))
        for book in batch.books
        if book.outcome is Outcome.CATALOGUED and book.record is not None
    ]


def _copy_images(out: Path, books: Iterable[BookResult]) -> None:
    for book in books:
        for image in book.images:
            target = out / _inside(image)
            if image.source is None or target.exists() or not image.source.exists():
                continue
            draft = target.with_name(f".{target.name}")
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(image.source, draft)
                draft.replace(target)
            except OSError as error:
                raise StorageFull(
                    f"a picture can't be copied ({error.strerror})", subject=str(target), remedy="Make room."
                ) from error


def _inside(image: ImageResult) -> str:
    path = PurePosixPath(image.path)
    if path.is_absolute() or ".." in path.parts or path.parts[:1] != ("images",):
        raise BadInput("a picture's path must lie below images/", subject=image.path)
    return str(path)


def _write_labels(out: Path, books: Iterable[BookResult]) -> None:
    for book in books:
        for place, label in enumerate(book.labels):
            _write_label(out / label_path(book, place), label.png, label.zpl)
        if book.spine is not None:
            _write_label(out / spine_path(book), book.spine.png, book.spine.zpl)


def _write_label(path: Path, png: bytes, zpl: bytes) -> None:
    if png:
        put(path, png)
    if zpl:
        put(path.with_suffix(".zpl"), zpl)


def _write_registers(out: Path, batch: BatchResult) -> None:
    # With the byte order mark, without which spreadsheets take Chinese for something else.
    put(out / "register.csv", register_csv(batch).encode("utf-8-sig"))
    if "summary" in batch.profile.registers.kinds:
        put(out / "register-summary.csv", summary_csv(batch, reconcile_result(batch)).encode("utf-8-sig"))


def _tag_json(book: BookResult) -> dict[str, Any]:
    tag = book.tag
    assert tag is not None  # noqa: S101  the caller lists copies with a tag
    return {
        "book": book.book_id,
        "barcode": book.marks.barcode if book.marks else None,
        "outcome": book.outcome.value,
        "uid": tag.uid,
        "afi": tag.afi,
        "dsfid": tag.dsfid,
        "hex": tag.hex,
        "pii": tag.pii,
        "elements": {str(oid): value for oid, value in sorted(tag.elements.items())},
    }


def _write_case(out: Path, batch: BatchResult, case: Case) -> None:
    folder = out / "review" / file_name(case.id)
    views = [book_view(batch, book, out, "../../") for book in batch.books if book.book_id in case.book_ids]
    put_json(folder / "case.json", case_to_json(case))
    page = render(
        "case.html.j2",
        batch.profile.language,
        result=batch,
        case=case,
        views=views,
        view=views[0] if views else None,
        answers=offered(case),
        home="../../report.html",
    )
    put(folder / "case.html", page)
