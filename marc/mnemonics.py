"""Mnemonics of the line format: ``{dollar}`` and the like, which stand for one character each.

Source: the Library of Congress's MARCMaker and MARCBreaker mnemonics, which MarcEdit goes on with; ``{x1B}``
for other control characters is ours.
"""

from __future__ import annotations

import re
import unicodedata

_NAMED = {
    "dollar": "$", "lcub": "{", "rcub": "}", "bsol": "\\", "esc": "\x1b", "tab": "\t", "lf": "\n", "cr": "\r",
    "joiner": "\u200d", "nonjoin": "\u200c", "excl": "!", "quot": '"', "num": "#", "percnt": "%",
    "amp": "&", "apos": "'", "lpar": "(", "rpar": ")", "ast": "*", "plus": "+", "comma": ",", "hyphen": "-",
    "period": ".", "sol": "/", "colon": ":", "semi": ";", "lt": "<", "equals": "=", "gt": ">",
    "quest": "?", "commat": "@", "lsqb": "[", "rsqb": "]", "caret": "^", "lowbar": "_", "grave1": "`",
    "verbar": "|", "AElig": "Æ", "aelig": "æ", "OElig": "Œ", "oelig": "œ", "Oslash": "Ø",
    "oslash": "ø", "Lstrok": "Ł", "lstrok": "ł", "Dstrok": "Đ", "dstrok": "đ", "THORN": "Þ", "thorn": "þ",
    "eth": "ð", "szlig": "ß", "inodot": "ı", "Ohorn": "Ơ", "ohorn": "ơ", "Uhorn": "Ư", "uhorn": "ư",
    "softsign": "ʹ", "hardsign": "ʺ", "mllhring": "ʻ", "mlrhring": "ʼ", "middot": "·", "flat": "♭",
    "reg": "®", "copy": "©", "phono": "℗", "sharp": "♯", "plusmn": "±", "pound": "£", "euro": "€",
    "deg": "°", "scriptl": "ℓ", "iquest": "¿", "iexcl": "¡",
}  # fmt: skip

_MARKS = {
    "grave": "\u0300", "acute": "\u0301", "circ": "\u0302", "tilde": "\u0303", "macr": "\u0304",
    "breve": "\u0306", "dot": "\u0307", "uml": "\u0308", "hooka": "\u0309", "ring": "\u030a",
    "dblac": "\u030b", "caron": "\u030c", "dotb": "\u0323", "cedil": "\u0327", "ogon": "\u0328",
    "under": "\u0332", "llig": "\ufe20", "rlig": "\ufe21", "candra": "\u0310", "commab": "\u0326",
}  # fmt: skip
"""Diacritics: ``{eacute}`` is one letter; ``{acute}`` stands before the letter that bears it."""

_MNEMONIC = re.compile(r"\{([^{}]*)\}")
_BEFORE = re.compile(r"((?:\{(?:" + "|".join(_MARKS) + r")\})+)([^{\s])")
_SPECIAL = {"$": "{dollar}", "{": "{lcub}", "}": "{rcub}", "\\": "{bsol}"}
_TO_WRITE = re.compile(r"[${}\\\x00-\x1f\x7f\x85\u2028\u2029]")


class UnknownMnemonic(ValueError):
    """A name between braces that stands for no character; the message names it."""


def expand(text: str) -> str:
    """The text with every mnemonic replaced; raises UnknownMnemonic."""
    if "{" not in text and "}" not in text:
        return text
    spread = _MNEMONIC.sub(_character, _BEFORE.sub(_borne, text))
    if text.count("{") != text.count("}") or len(_MNEMONIC.findall(text)) != text.count("{"):
        raise UnknownMnemonic("a brace stands alone; a brace in the text is {lcub} or {rcub}")
    return spread


def contract(text: str) -> str:
    """The text with every character that the line format can't hold as its mnemonic."""
    return _TO_WRITE.sub(lambda found: _SPECIAL.get(found.group()) or _name(found.group()), text)


def _name(char: str) -> str:
    named = {"\t": "tab", "\n": "lf", "\r": "cr", "\x1b": "esc"}
    return "{" + named.get(char, f"x{ord(char):02X}") + "}"


def _character(found: re.Match[str]) -> str:
    name = found.group(1)
    if name in _NAMED:
        return _NAMED[name]
    if re.fullmatch("x[0-9A-F]{2,4}", name):
        return chr(int(name[1:], 16))
    letter, mark = name[:1], _MARKS.get(name[1:])
    if not mark or not letter.isalpha():
        raise UnknownMnemonic(f"{{{name}}} is no mnemonic")
    return unicodedata.normalize("NFC", letter + mark)


def _borne(found: re.Match[str]) -> str:
    marks = "".join(_MARKS[name] for name in _MNEMONIC.findall(found.group(1)))
    return unicodedata.normalize("NFC", found.group(2) + marks)
