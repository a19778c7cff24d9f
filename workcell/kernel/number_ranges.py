"""How a number is written from its serial, and read back from a label."""

from __future__ import annotations

from stdnum import luhn

from workcell.kernel.profile import NumberRange

_CODABAR_SERIALS = 99_999_999
_CODABAR_DIGITS = 14
_ANY_SERIAL = 999_999_999_999


def write_number(range_: NumberRange, serial: int) -> str:
    """A serial as the number on the label.

    "codabar14" is type, institution, eight-digit serial and the mod-10 check digit (digits at odd positions
    doubled, less 9 above 9), as usual on North American library barcodes; "plain" is prefix and padded
    serial.
    """
    if range_.scheme == "plain":
        return f"{range_.prefix}{serial:0{range_.width}d}"
    payload = f"{range_.item_type_digit}{range_.institution}{serial:08d}"
    return payload + str(luhn.calc_check_digit(payload))


def serial_of(range_: NumberRange, number: str) -> int | None:
    """The serial of ``number`` when it lies in the range as the range writes it, check digit and all."""
    head = range_.prefix if range_.scheme == "plain" else f"{range_.item_type_digit}{range_.institution}"
    digits = number.removeprefix(head)
    if range_.scheme == "codabar14" and len(number) == _CODABAR_DIGITS:
        digits = digits[:-1]
    if not (number.startswith(head) and digits.isascii() and digits.isdigit()):
        return None
    serial = int(digits)
    inside = range_.first <= serial <= last_serial(range_)
    return serial if inside and write_number(range_, serial) == number else None


def is_written_as(range_: NumberRange, number: str) -> bool:
    """Whether a number looks as the range writes them, whoever gave it out."""
    return serial_of(range_.model_copy(update={"first": 0, "last": _ANY_SERIAL}), number) is not None


def last_serial(range_: NumberRange) -> int:
    """The last serial that the range may give, and that its scheme can write."""
    return min(range_.last, _CODABAR_SERIALS) if range_.scheme == "codabar14" else range_.last


def range_name(kind: str, range_: NumberRange) -> str:
    """What ranges that write their numbers alike have in common: one counter."""
    if range_.scheme == "plain":
        return f"{kind}:plain:{range_.prefix}:{range_.width}"
    return f"{kind}:codabar14:{range_.item_type_digit}{range_.institution}"
