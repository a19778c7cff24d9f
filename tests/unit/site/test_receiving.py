"""Receiving: order files are understood or refused in one line; shipments close title by title."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workcell.kernel.errors import ConfigError
from workcell.kernel.model import OrderLine
from workcell.site import InvoiceLine, load_invoice, load_orders, reconcile
from workcell.site.receiving import ReceivedCopy

HEADER = "line,isbn,title,copies,price,currency,source,distribution\n"


@pytest.fixture
def orders_file(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "orders.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_an_order_line_is_read_whole(orders_file):
    (order,) = load_orders(
        orders_file(HEADER + '1,0-306-40615-2,"Gardens, small",3,24.50,usd,gift,MAIN=2;EAST=1\n')
    )
    assert order == OrderLine(
        "1", "9780306406157", "Gardens, small", copies=3, price=Decimal("24.50"), currency="USD",
        source="gift", distribution={"MAIN": 2, "EAST": 1},
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_usual_sheet_export_is_read(orders_file, encoding, separator):
    text = (
        separator.join(["line", "isbn", "title", "copies"])
        + "\r\n"
        + separator.join(["1", "", "小园守望者", ""])
    )
    (order,) = load_orders(orders_file(text, encoding))
    assert (order.title, order.copies) == ("小园守望者", 1)


def test_numbers_that_are_no_isbn_stay_as_they_stand(orders_file):
    orders = load_orders(
        orders_file("line,isbn,title,copies\n1,10019·1234,红楼梦,1\n2,9780306406158,Misprint,1\n")
    )
    assert [order.isbn for order in orders] == ["10019·1234", "9780306406158"]


def test_a_cancelled_line_orders_nothing(orders_file):
    (order,) = load_orders(orders_file(HEADER + "1,,Gardens,0,,,,MAIN=0\n"))
    assert (order.copies, order.distribution) == (0, {"MAIN": 0})


def test_empty_lines_are_passed_over(orders_file):
    assert len(load_orders(orders_file(HEADER + "1,,Gardens,1,,,,\n,,,,,,,\n\n2,,Rain,1,,,,\n"))) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("line,isbn,title,copys\n", "line 1: unknown column 'copys'. Did you mean copies?"),
        ("line,line,copies\n", "line 1: column line stands twice"),
        ("isbn,title,copies\n", "line 1: column line is missing"),
        (HEADER + "1,,Gardens,two,,,,\n", "line 2, column copies: 'two' is not a whole number such as 3"),
        (HEADER + "1,,Gardens,1,12.x,USD,,\n", "line 2, column price: '12.x' is not an amount such as 39.00"),
        (HEADER + "1,,Gardens,1,NaN,USD,,\n", "column price"),
        (HEADER + "1,,Gardens,1,12.00,,,\n", "line 2, column currency: a price without a currency"),
        (HEADER + "1,,Gardens,1,12.00,Dollar,,\n", "column currency: 'Dollar' is not a currency code"),
        (HEADER + "1,,Gardens,1,,,stolen,\n", "column source: 'stolen' is not one of purchase"),
        (HEADER + "1,,Gardens,3,,,,MAIN=2;EAST=2\n", "places 4 copies, 3 are ordered"),
        (HEADER + "1,,Gardens,3,,,,MAIN=x\n", "column distribution"),
        (HEADER + "1,,,1,,,,\n", "line 2, column isbn: neither ISBN nor title"),
        (HEADER + ",,Gardens,1,,,,\n", "line 2, column line: the order line has no number"),
        (HEADER + "1,,Gardens,1,,,,\n1,,Rain,1,,,,\n", "order line 1 stands twice"),
        (HEADER + "1,,Gardens,1,,,,MAIN=1,extra\n", "line 2: 9 cells, but the header has 8"),
        (HEADER + '1,,"Gardens"x,1,,,,\n', "line 2: not a table"),
    ],
)
def test_bad_orders_get_one_line_that_says_where(orders_file, text, said):
    path = orders_file(text)
    with pytest.raises(ConfigError) as caught:
        load_orders(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_named(orders_file, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes(b"\xff\xfe\x00\x01\x80")
    with pytest.raises(ConfigError, match="neither UTF-8 nor GB18030"):
        load_orders(path)
    with pytest.raises(ConfigError, match="no such file"):
        load_orders(tmp_path / "none.csv")


def test_an_invoice_is_read(orders_file):
    path = orders_file(
        "line,isbn,title,copies,unit_price,currency,discount_percent\n1,9780306406157,G,2,24.5,USD,20%\n"
    )
    assert load_invoice(path) == [
        InvoiceLine("1", "9780306406157", "G", 2, Decimal("24.5"), "USD", Decimal(20))
    ]
    with pytest.raises(ConfigError, match="from 0 to 100"):
        load_invoice(orders_file("copies,title,discount_percent\n1,G,101\n"))


# --- reconciliation --------------------------------------------------------------------------------------


def order(line="1", copies=1, price="10.00", isbn="9780306406157", title="Gardens"):
    return OrderLine(line, isbn, title, copies=copies, price=Decimal(price), currency="USD")


def billed(line="1", copies=1, price="10.00", isbn="9780306406157", title="Gardens", discount=0):
    return InvoiceLine(line, isbn, title, copies, Decimal(price), "USD", Decimal(discount))


def came(line="1", fate="accepted", count=1, **facts):
    return [ReceivedCopy(f"b{line}{fate}{n}", fate, line, **facts) for n in range(count)]


def test_what_was_ordered_billed_and_came_agrees():
    closed = reconcile([order(copies=2)], [billed(copies=2, discount=25)], came(count=2))
    assert closed.agrees
    (money,) = closed.money
    assert (money.supplied, money.accepted, money.payable) == (20, 20, 15)


def test_short_surplus_and_returned_copies_are_told_apart():
    closed = reconcile(
        [order("1", 3), order("2", 1, isbn="x"), order("3", 2, isbn="y")],
        [billed("1", 3), billed("2", 1, isbn="x"), billed("3", 2, isbn="y")],
        [*came("1", count=2), *came("2", count=2), *came("3"), *came("3", "returned")],
    )
    first, second, third = closed.lines
    assert (first.short, first.problems) == (1, ("short",))
    assert (second.surplus, second.problems) == (1, ("surplus",))
    assert (third.accepted, third.returned, third.problems) == (1, 1, ("returned",))
    assert closed.money[0].short == 10


def test_copies_with_a_person_are_received_and_counted_apart():
    (line,) = reconcile([order(copies=2)], None, [*came(), *came(fate="waiting")]).lines
    assert (line.accepted, line.waiting, line.problems) == (2, 1, ())


def test_a_book_nobody_ordered_is_named():
    closed = reconcile([order()], [billed()], [*came(), *came("", isbn="z", title="Stranger", count=2)])
    assert [(line.title, line.surplus, line.problems) for line in closed.disagreeing] == [
        ("Stranger", 2, ("not_ordered", "not_invoiced"))
    ]


def test_a_billed_title_nobody_ordered_takes_its_copies():
    closed = reconcile(
        [order()], [billed(), billed("", isbn="z", title="Stranger")], [*came(), *came("", isbn="z")]
    )
    assert [(line.accepted, line.problems) for line in closed.disagreeing] == [(1, ("not_ordered",))]


def test_a_price_difference_is_invoice_less_order():
    (line,) = reconcile([order(price="24.99")], [billed(price="27.99")], came()).lines
    assert (line.price_difference, line.problems) == (Decimal("3.00"), ("price",))


def test_a_cancelled_line_that_was_billed_is_a_difference():
    (line,) = reconcile([order(copies=0)], [billed()], came(fate="returned")).lines
    assert line.problems == ("returned", "copies")


def test_two_volumes_under_one_isbn_are_told_apart_by_their_lines():
    closed = reconcile([order("19"), order("20")], [billed("20"), billed("19")], [*came("19"), *came("20")])
    assert closed.agrees


def test_an_invoice_with_numbers_of_its_own_is_matched_by_isbn():
    closed = reconcile(
        [order("1", isbn="x"), order("2", isbn="y")], [billed("2", isbn="x"), billed("9", isbn="y")],
        [*came("1"), *came("2")],
    )  # fmt: skip
    assert closed.agrees


def test_without_invoice_the_order_says_what_should_be_here():
    closed = reconcile([order(copies=2)], None, came())
    assert (closed.has_invoice, closed.lines[0].short) == (False, 1)


def test_unopened_boxes_are_awaited_and_not_yet_judged():
    closed = reconcile(
        [order("1"), order("2", isbn="x", price="9.00")], [billed("1"), billed("2", isbn="x")], came("1"),
        boxes_emptied=False,
    )  # fmt: skip
    assert closed.agrees
    assert (closed.total("short"), closed.total("awaited")) == (0, 1)


def test_a_gift_without_price_adds_copies_and_no_money():
    gift = OrderLine("1", title="Gift", source="gift")
    closed = reconcile([gift], None, came())
    assert (closed.agrees, closed.money) == (True, ())


FATES = st.sampled_from(["accepted", "waiting", "returned", "missing"])


@given(
    orders=st.lists(st.integers(0, 4), max_size=5),
    invoice=st.none() | st.lists(st.tuples(st.integers(1, 7), st.integers(0, 4)), max_size=6),
    received=st.lists(st.tuples(st.integers(0, 7), FATES), max_size=15),
    emptied=st.booleans(),
)
def test_copies_always_close(orders, invoice, received, emptied):
    closed = reconcile(
        [order(str(n + 1), copies, isbn=f"i{n + 1}") for n, copies in enumerate(orders)],
        None if invoice is None else [billed(str(n), copies, isbn=f"i{n}") for n, copies in invoice],
        [
            ReceivedCopy(f"b{place}", fate, str(n) if 0 < n <= len(orders) else "", f"i{n}")
            for place, (n, fate) in enumerate(received)
        ],
        boxes_emptied=emptied,
    )
    for line in closed.lines:
        assert line.supplied == line.accepted + line.returned + line.short + line.awaited
        assert line.received == line.accepted + line.returned + line.surplus
        assert min(line.accepted, line.returned, line.short, line.awaited, line.surplus) >= 0
    assert closed.total("received") == len(received)
    assert closed.total("ordered") == sum(orders)


def test_books_that_nobody_could_identify_are_not_called_unordered():
    closed = reconcile([order()], [billed()], [*came(), *came("", "missing"), *came("", "waiting")])
    assert [(line.received, line.problems) for line in closed.disagreeing] == [(2, ("unidentified",))]
