"""Registers: a line a copy, every gap explained, sums by class; money to the last coin."""

import csv
import io
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workcell.site.registers import (
    individual_register,
    main_class,
    register_csv,
    register_prices,
    share_price,
    summary_csv,
    summary_register,
)
from workcell.site.report import reconcile_result


def test_the_register_has_a_line_a_copy_in_the_library_s_language(language, batch):
    rows = list(csv.reader(io.StringIO(register_csv(batch))))
    assert (
        rows[0][:4]
        == {"en": ["batch", "no.", "date", "accession number"], "zh": ["批号", "序号", "日期", "财产号"]}[
            language
        ]
    )
    kept = [row for row in rows[1:] if row[3]]
    assert [row[3] for row in kept] == [book.marks.accession for book in batch.books[:2]]
    assert [row[9] for row in kept] == ["24.50", "24.50"]
    assert kept[0][12] == {"en": "purchase", "zh": "购入"}[language]


def test_a_voided_number_has_a_line_that_says_why(english_batch):
    (void,) = [line for line in individual_register(english_batch) if not line.title]
    assert (void.barcode, void.remarks) == (
        english_batch.voided[0].number,
        "void: scan did not agree with the record",
    )


def test_lines_are_numbered_in_order_of_accession(english_batch):
    turned = replace(english_batch, books=tuple(reversed(english_batch.books)))
    lines = [line for line in individual_register(turned) if line.accession]
    assert [line.accession for line in lines] == ["R0000001", "R0000002"]
    assert [line.number for line in individual_register(turned)] == [1, 2, 3]


def test_a_cell_that_a_spreadsheet_would_calculate_is_disarmed(english_batch):
    evil = replace(english_batch.books[0].order_line, binding="=HYPERLINK(1)")
    book = replace(english_batch.books[0], order_line=evil)
    assert "'=HYPERLINK(1)" in register_csv(replace(english_batch, books=(book,)))


@pytest.mark.parametrize(
    ("rule", "shares"),
    [("shared", ["33.34", "33.33", "33.33"]), ("first_volume", ["100.00", "0", "0"])],
)
def test_the_price_of_a_set_goes_over_its_volumes(rule, shares):
    assert share_price(Decimal("100.00"), 3, 2, rule) == [Decimal(share) for share in shares]


@given(st.decimals(0, 10_000, places=2), st.integers(1, 12), st.sampled_from(["shared", "first_volume"]))
def test_shares_always_add_up(price, volumes, rule):
    assert sum(share_price(price, volumes, 2, rule)) == price


def test_volumes_of_one_set_share_its_price(english_batch):
    volumes = tuple(replace(book, set_id="s1", price=Decimal("25.01")) for book in english_batch.books[:2])
    prices = register_prices(volumes, english_batch.profile)
    assert sorted(prices.values()) == [Decimal("12.50"), Decimal("12.51")]


def test_the_summary_counts_titles_copies_and_money_by_class(batch, language):
    lines = summary_register(batch, reconcile_result(batch))
    (total,) = [line for line in lines if line.group == "total"]
    assert (total.titles, total.copies, total.value, total.paid) == (2, 2, Decimal("49.00"), Decimal("44.10"))
    (main,) = [line for line in lines if line.group == "class"]
    assert (main.key, main.name) == {"en": ("800", "Literature"), "zh": ("T", "工业技术")}[language]
    assert [line.group for line in lines] == ["class", "location", "total"]


def test_copies_of_a_title_are_one_title(batch, copies_of):
    lines = summary_register(copies_of(batch, 3), reconcile_result(batch))
    assert {(line.titles, line.copies) for line in lines} == {(1, 3)}
    assert len(summary_csv(copies_of(batch, 3), reconcile_result(batch)).splitlines()) == 4


def test_the_class_is_found_behind_the_prefix_of_large_books(english_batch):
    book = english_batch.books[0]
    large = replace(book, marks=replace(book.marks, call_number="q 779.36 A79e"))
    assert main_class(large, english_batch.profile)[0] == "700"
    assert main_class(replace(book, marks=None), english_batch.profile) == ("", "")
