"""Personal and corporate names as headings: inverted, with particles, suffixes and titles in their places.

Sources: RDA 9.2.2 and its appendix F (names with prefixes by language); MARC 21 X00 ($a, $b, $c).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from marc import places, table_file, text

_TRAILING = {"von", "van", "der", "den", "de", "zu", "af", "av", "ten", "ter", "d'", "d’", "dei", "degli",
             "und", "y", "e", "i"}  # fmt: skip
"""Particles that, printed small, follow the forename in a heading ("Tocqueville, Alexis de")."""
_LEADING = {
    "la", "le", "las", "los", "du", "des", "da", "di", "del", "della", "dello", "dalla", "dos", "das", "do",
    "al", "el", "st.", "ste.", "saint", "mac", "ap", "o'", "zum", "zur", "vom", "am", "san", "santa", "lo",
}  # fmt: skip
"""Particles that stay before the surname ("La Fontaine, Jean de"); so do all that are printed large."""
_TRAILING_IN = {
    "por": {"da", "das", "do", "dos", "de"}, "spa": {"del", "de", "das"},
    "dut": {"van", "de", "den", "der", "ter", "ten", "het", "'t"},
}  # fmt: skip
"""Particles that follow the forename in these languages whatever the general rule says."""
_JOINING = {"y", "i", "e", "und"}
"""Words that bind two surnames ("Ortega y Gasset, José")."""
_PATRONYMIC = {"bin", "binti", "binte", "bint", "ibn", "ben", "a/l", "a/p", "ould"}
_GIVEN_FIRST = ("ice", "isl")
_SURNAME_FIRST = ("hun", "vie")
_SPANISH_GIVEN = frozenset(table_file.load("names")["spanish_forenames"])
_SUFFIX = re.compile(r",?\s+(Jr\.?|Sr\.?|junior|fils|père|II|III|IV)$")
_DEGREES = re.compile(
    r"(?:,\s*|\s+)(?:Ph\.?\s?D\.?|M\.?D\.?|M\.?A\.?|B\.?A\.?|Ed\.?D\.?|J\.?D\.?|LL\.?[BDM]\.?|D\.?Phil\.?|MBA|R\.?N\.?|"
    r"F\.?R\.?S\.?|O\.?B\.?E\.?|C\.?B\.?E\.?|Esq\.?)(?=,|\s|$)"
)
_ADDRESS = re.compile(r"^(?:Dr\.?|Prof\.?|Professor|Mr\.?|Ms\.?|Rev\.?|Hon\.?)\s+(?=\S+\s+\S)")
_HONOURS = re.compile(r"^(Sir|Dame|Lord|Lady|Saint|Mrs\.?|Baron|Baroness|Count|Countess)\s+(?=\S)")
_BODY = re.compile(
    r"\b(?:university|universit[éàät]|universidade?|institut[eo]?|association|society|committee|council|company|press|"
    r"museum|library|department|ministry|bureau|foundation|academy|college|school|cent(?:re|er)|group|"
    r"organi[sz]ation|inc|ltd|corporation|commission|federation|union|agency|office|congress|conference|"
    r"gesellschaft|verein|verlag|ministère|ministerio|société|asociación|fundación|stiftung|bank|church|"
    r"international|national|authority|limited|corp|churches|government|board|service|party|gallery|archives?)\b",
    re.IGNORECASE,
)  # fmt: skip
_BODY_ZH = re.compile(
    r"(?:委员会|编写组|编委会|编辑部|课题组|出版社|研究[所院会]|大学|学院|学校|中学|小学|中心|协会|学会|公司|集团|银行|医院|"
    r"联合会|总会|图书馆|博物馆|档案馆|[局部厅馆社组会院所])$"
)
_COUNTRY = re.compile(
    r"^(?:[\[［(（【〔]\s*([^\]］)）】〕]{1,6})\s*[\]］)）】〕]|([\u4e00-\u9fff]{1,4})[·•]?(?=\s+[\u4e00-\u9fff]{2,}[·•・]))\s*"
)


@dataclass(frozen=True)
class PersonalName:
    """A name as its heading has it: what it files under, the rest, words that belong to it.

    ``titles`` are in MARC 21 $c (Jr., Sir, III); ``family`` says whether ``entry`` is a surname (X00 first
    indicator 1).
    """

    entry: str
    rest: str = ""
    titles: tuple[str, ...] = ()
    family: bool = True

    @property
    def heading(self) -> str:
        """Entry and rest: "Kimmerer, Robin Wall"."""
        return f"{self.entry}, {self.rest}" if self.rest else self.entry


def is_body(name: str) -> bool:
    """Whether a name is a corporate body's by its words."""
    if places.is_place(name):
        return True
    if text.has_han(name):
        return len(name) > 3 and _BODY_ZH.search(name) is not None
    return _BODY.search(name) is not None or (name.isupper() and len(name) > 2 and " " not in name)


def country(name: str) -> tuple[str, str]:
    """Nationality or dynasty mark and name: "[美] 唐纳德·诺曼" → ("美", "唐纳德·诺曼")."""
    found = _COUNTRY.match(name)
    if not found:
        return "", name
    return found.group(1) or found.group(2), name[found.end() :]


def inverted(name: str, language: str = "") -> str:
    """A personal name as an access point: "Robin Wall Kimmerer" → "Kimmerer, Robin Wall".

    A suffix follows ("King, Martin Luther, Jr."); a name that has a comma already, or is Chinese, stays;
    a foreigner's in Chinese is parted at its dot ("诺曼, 唐纳德").
    """
    made = personal(name, language)
    return ", ".join([made.heading, *(title for title in made.titles if _SUFFIX.match(f" {title}"))])


def personal(name: str, language: str = "") -> PersonalName:
    """The parts of a printed name, in direct order or already inverted; ``language`` decides on particles."""
    plain, titles = _bare(name)
    if text.has_han(plain) and "," not in plain:
        forename, dot, surname = re.sub("[・•‧]", "·", plain).rpartition("·")
        return PersonalName(surname, forename) if dot else PersonalName(plain)
    if "," in plain:
        entry, _, rest = plain.partition(",")
        return PersonalName(entry.strip(), rest.strip(" ,"), titles)
    words = plain.split()
    if len(words) < 2:
        return PersonalName(plain, "", titles, family=False)
    if language in _GIVEN_FIRST or _PATRONYMIC & {word.casefold() for word in words[1:-1]}:
        return PersonalName(plain, "", titles, family=False)
    if language in _SURNAME_FIRST:
        return PersonalName(words[0], " ".join(words[1:]), titles)
    return _parted(words, titles, language)


def _parted(words: list[str], titles: tuple[str, ...], language: str) -> PersonalName:
    begin = _surname_from(words, language)
    behind = _TRAILING_IN.get(language, set())
    while begin > 1 and _is_particle(words[begin - 1]):
        begin -= 1
    end = begin
    while end < len(words) - 1 and (
        (words[end] in _TRAILING and words[end] not in _JOINING) or words[end] in behind
    ):
        end += 1
    surname = " ".join(words[end:])
    return PersonalName(surname[:1].upper() + surname[1:], " ".join(words[:end]), titles)


def _surname_from(words: list[str], language: str) -> int:
    """Where the surname begins: its last word, the pair bound by "y", or two words in Spanish names."""
    last = len(words) - 1
    if last >= 3 and words[last - 1] in _JOINING:
        return last - 2
    two = language == "spa" and last >= 2 and not _is_particle(words[last - 1])
    if two and words[last - 1].casefold() not in _SPANISH_GIVEN and len(words[last - 1].rstrip(".")) > 1:
        return last - 1
    return last


def _bare(name: str) -> tuple[str, tuple[str, ...]]:
    """The name without forms of address and degrees; suffix and honours apart."""
    plain = _ADDRESS.sub("", _DEGREES.sub("", " ".join(name.split()))).strip(" ,;")
    titles: list[str] = []
    honour = _HONOURS.match(plain)
    if honour and len(plain.split()) > 2:
        titles.append(honour.group(1))
        plain = plain[honour.end() :]
    suffix = _SUFFIX.search(plain)
    if suffix:
        titles.append(suffix.group(1))
        plain = plain[: suffix.start()].rstrip(", ")
    return plain, tuple(titles)


def _is_particle(word: str) -> bool:
    return word in _TRAILING - _JOINING or word.casefold() in (_TRAILING - _JOINING) | _LEADING
