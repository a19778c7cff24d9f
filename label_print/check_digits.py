"""Check digits of the numbers that libraries print on labels.

Each scheme is a function from the payload to its check character; ``CHECK_DIGITS`` names them for number
ranges and templates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from workcell.kernel.errors import BadInput

CODABAR_ORDER: Final = "0123456789-$:/.+ABCD"
"""Codabar's characters by their value (EN 798 annex A): 16 of data, 4 to start and stop."""
CODE39_ORDER: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
"""Code 39's characters by their value (ISO/IEC 16388 annex A)."""


def is_digits(text: str) -> bool:
    """Whether ``text`` is one or more of the digits 0 to 9."""
    return text.isascii() and text.isdigit()


def mod10_check_digit(number: str) -> str:
    """Modulus 10, every second digit from the right doubled (ISO/IEC 7812-1 annex B, "Luhn").

    For 13 digits these are the odd positions from the left.  Raises BadInput when ``number`` is no number.
    """
    _need_digits(number)
    doubled = (int(digit) * 2 for digit in number[::-1][0::2])
    total = sum(value - 9 if value > 9 else value for value in doubled)
    total += sum(int(digit) for digit in number[::-1][1::2])
    return str(-total % 10)


def library_check_digit(number: str) -> str:
    """Check digit over the first 13 digits of a 14-digit library number (mod 10, odd positions doubled).

    Raises BadInput when ``number`` is not 13 digits.
    """
    if len(number) != 13 or not is_digits(number):
        raise BadInput("a library number has 13 digits before its check digit", subject=number)
    return mod10_check_digit(number)


def is_library_number(text: str) -> bool:
    """Whether ``text`` is a 14-digit patron (2…) or item (3…) number with the right check digit."""
    if len(text) != 14 or not is_digits(text) or text[0] not in "23":
        return False
    return library_check_digit(text[:13]) == text[13]


def ean13_check_digit(number: str) -> str:
    """The check digit over twelve digits (GS1 general specifications 7.9); raises BadInput."""
    if len(number) != 12 or not is_digits(number):
        raise BadInput("an EAN-13 has 12 digits before its check digit", subject=number)
    return weighted_mod10_check_digit(number)


def weighted_mod10_check_digit(number: str) -> str:
    """Modulus 10 with weights 3 and 1 from the right (GS1, for any length); raises BadInput."""
    _need_digits(number)
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(number)))
    return str(-total % 10)


def mod11_check_digit(number: str) -> str:
    """Modulus 11 with weights 2, 3, 4 … from the right, X for ten (as ISSN and ISBN-10); raises BadInput."""
    _need_digits(number)
    total = sum(int(digit) * weight for weight, digit in enumerate(reversed(number), 2))
    return "0123456789X"[-total % 11]


def mod11_wrapped_check_digit(number: str) -> str:
    """Modulus 11 with weights 2 to 7 again and again from the right, X for ten; raises BadInput."""
    _need_digits(number)
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(number)))
    return "0123456789X"[-total % 11]


def codabar_check_character(text: str, start: str = "A", stop: str = "B") -> str:
    """The modulo 16 character over all characters, start and stop among them; raises BadInput."""
    total = sum(_value(CODABAR_ORDER, character, "Codabar") for character in f"{start}{text}{stop}")
    return CODABAR_ORDER[-total % 16]


def code39_check_character(text: str) -> str:
    """The modulo 43 check character (ISO/IEC 16388 annex A); raises BadInput on a foreign character."""
    return CODE39_ORDER[sum(_value(CODE39_ORDER, character, "Code 39") for character in text) % 43]


CHECK_DIGITS: Final[Mapping[str, Callable[[str], str]]] = {
    "mod10": mod10_check_digit,
    "mod10_weighted": weighted_mod10_check_digit,
    "mod11": mod11_check_digit,
    "mod11_wrapped": mod11_wrapped_check_digit,
    "mod16": codabar_check_character,
    "mod43": code39_check_character,
}
"""Check characters by name."""


def _need_digits(number: str) -> None:
    if not is_digits(number):
        raise BadInput("a check digit is made from digits", subject=number, remedy="Give digits only.")


def _value(order: str, character: str, symbology: str) -> int:
    value = order.find(character)
    if value < 0:
        raise BadInput(f"{symbology} has no character {character!r}", remedy=f"It carries {order}")
    return value
