"""The tables of the site store.

Times are ISO 8601 texts in UTC, money is text; the migrations of this folder build exactly these tables.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _text(name: str, *, key: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False, server_default=default)


# Every rising number: one row a range, class or kind of case.
counters = sa.Table(
    "counters", metadata, _text("name", key=True), sa.Column("last", sa.BigInteger, nullable=False)
)

# One row for every number that ever left its range.  `claim` is what asked for it, null once it is voided.
numbers = sa.Table(
    "numbers",
    metadata,
    _text("kind", key=True),
    _text("number", key=True),
    _text("range"),
    sa.Column("serial", sa.BigInteger, nullable=False),
    _text("state"),
    _text("line_id"),
    _text("batch_id"),
    _text("book_id"),
    sa.Column("claim", sa.Text, nullable=True),
    _text("reason", default=""),
    _text("reserved_at"),
    _text("changed_at"),
    sa.UniqueConstraint("kind", "claim"),
    sa.UniqueConstraint("kind", "range", "serial"),
    sa.Index(None, "batch_id"),
    sa.Index(None, "book_id"),
)

# One row for every label that carries a number: surface, copy on that surface, and which attempt.
labels = sa.Table(
    "labels",
    metadata,
    _text("kind", key=True),
    _text("number", key=True),
    _text("surface", key=True),
    sa.Column("copy", sa.Integer, primary_key=True, nullable=False, autoincrement=False),
    sa.Column("attempt", sa.Integer, primary_key=True, nullable=False, autoincrement=False),
    _text("state"),
    _text("reason", default=""),
    _text("changed_at"),
    sa.ForeignKeyConstraint(["kind", "number"], ["numbers.kind", "numbers.number"]),
)

# The ledger: a line for each thing that happened to a number or to one of its labels; never changed.
ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _text("kind"),
    _text("number"),
    _text("surface", default=""),
    sa.Column("copy", sa.Integer, nullable=False, server_default="0"),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    _text("state"),
    _text("at"),
    _text("reason", default=""),
    sa.ForeignKeyConstraint(["kind", "number"], ["numbers.kind", "numbers.number"]),
    sa.Index(None, "kind", "number"),
)

# Rolls of labels that were printed elsewhere: their numbers are given out by being scanned.
rolls = sa.Table(
    "rolls",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _text("kind"),
    sa.Column("range", sa.JSON, nullable=False),
    _text("who"),
    _text("at"),
)

# Released copies that a person looks at.  `verdict` is empty until then; `about` says how it was decided.
spot_checks = sa.Table(
    "spot_checks",
    metadata,
    _text("barcode", key=True),
    _text("batch_id"),
    _text("book_id"),
    sa.Column("about", sa.JSON, nullable=False),
    _text("picked_at"),
    _text("verdict", default=""),
    _text("text", default=""),
    _text("who", default=""),
    _text("checked_at", default=""),
    sa.Index(None, "verdict"),
)

# 种次号: the running number that a title got within its class; frozen.
book_numbers = sa.Table(
    "book_numbers",
    metadata,
    _text("scheme", key=True),
    _text("class", key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
    _text("title_key"),
    _text("at"),
    sa.UniqueConstraint("scheme", "class", "title_key"),
)

batches = sa.Table(
    "batches",
    metadata,
    _text("id", key=True),
    _text("line_id"),
    _text("kind"),
    _text("profile"),
    _text("opened_at"),
    _text("closed_at", default=""),
)

order_lines = sa.Table(
    "order_lines",
    metadata,
    sa.Column("batch_id", sa.ForeignKey("batches.id"), primary_key=True),
    _text("line", key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)

# Which copy of a title (or order line) a book is: ordinals are taken in turn and may be given back.
copies = sa.Table(
    "copies",
    metadata,
    sa.Column("batch_id", sa.ForeignKey("batches.id"), primary_key=True),
    _text("book_id", key=True),
    _text("heading"),
    sa.Column("ordinal", sa.Integer, nullable=False),
    _text("at"),
    sa.UniqueConstraint("batch_id", "heading", "ordinal"),
)

received = sa.Table(
    "received",
    metadata,
    sa.Column("batch_id", sa.ForeignKey("batches.id"), primary_key=True),
    _text("book_id", key=True),
    _text("order_line"),
    _text("outcome"),
    _text("at"),
)

title_decisions = sa.Table(
    "title_decisions",
    metadata,
    sa.Column("batch_id", sa.ForeignKey("batches.id"), primary_key=True),
    _text("title_key", key=True),
    sa.Column("decision", sa.JSON, nullable=False),
    _text("who"),
    _text("at"),
)

cases = sa.Table(
    "cases",
    metadata,
    _text("id", key=True),
    _text("kind"),
    _text("batch_id"),
    _text("subject"),
    _text("title_key"),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("decision", sa.JSON(none_as_null=True), nullable=True),
    _text("slip", default=""),
    _text("state"),
    _text("opened_at"),
    sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
    _text("who", default=""),
    _text("decided_at", default=""),
    sa.UniqueConstraint("batch_id", "subject"),
    sa.Index(None, "state"),
    sa.Index(None, "title_key", "state"),
    sa.Index(None, "slip", "state"),
)

case_books = sa.Table(
    "case_books",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.id"), primary_key=True),
    _text("book_id", key=True),
    sa.Column("position", sa.Integer, nullable=False),
)

# Registers grow by lines only; a line is cancelled by another line.
register = sa.Table(
    "register",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _text("batch_id"),
    _text("book_id"),
    _text("accession"),
    sa.Column("cancels", sa.ForeignKey("register.id"), nullable=True),
    sa.Column("data", sa.JSON, nullable=False),
    _text("reason", default=""),
    _text("at"),
    sa.UniqueConstraint("cancels"),
    sa.Index(None, "accession"),
)

line_events = sa.Table(
    "line_events",
    metadata,
    _text("line_id", key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
    _text("batch_id"),
    _text("book_id"),
    _text("effect_id"),
    _text("type"),
    sa.Column("version", sa.Integer, nullable=False),
    _text("at"),
    sa.Column("body", sa.JSON, nullable=False),
    _text("prev_hash"),
    _text("hash"),
    sa.Index(None, "batch_id", "book_id"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    _text("item_id", key=True),
    _text("target", key=True),
    _text("batch_id"),
    sa.Column("payload", sa.JSON, nullable=False),
    _text("state"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    _text("due_at"),
    sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
    _text("problem", default=""),
    _text("put_at"),
    _text("done_at", default=""),
    sa.Index(None, "state", "due_at"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _text("at"),
    _text("who"),
    _text("action"),
    _text("subject"),
    sa.Column("detail", sa.JSON, nullable=False),
    _text("prev_hash"),
    _text("hash"),
)
