"""How far a machine's draft agrees with cataloguers: evidence made from real records, drafted, compared.

    .venv/bin/python bench/drafting.py FILE.mrc [FILE…] [--show FIELD] [--json]

For every printed book in the files, the record's own transcription (title page, imprint, extent, headings
turned into direct order) becomes evidence; the draft made from it is compared with the record where a rule
had to decide something: filing characters, inverted names, codes, romanisation, subdivisions.  Without a
file the examples' own shipments are used.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pymarc import Field, Record  # noqa: E402

from marc import draft, read_records, record_facts  # noqa: E402
from marc.fields import control, first, flavour, subfields, values  # noqa: E402
from marc.text import fold, has_han, tight  # noqa: E402
from workcell.kernel.evidence import (  # noqa: E402
    Evidence,
    Face,
    Fields,
    FieldValue,
    ImageEvidence,
    Measured,
    TextLine,
)
from workcell.kernel.profile import Profile, load_profile  # noqa: E402

WHEN = date(2026, 5, 4)
_ROLES = {"ed": "editor", "edt": "editor", "aut": "author", "trl": "translator", "ill": "illustrator"}
_CHINESE_ROLES = {
    "author": "著 撰 编著", "editor": "编 主编 选编", "translator": "译 编译", "illustrator": "绘 插图",
    "annotator": "注 校注", "reviser": "校 审校", "author of introduction": "序 导读",
}  # fmt: skip


# --- evidence from a record ------------------------------------------------------------------------------


def is_printed_book(record: Record) -> bool:
    """Language material, monograph, no online or micro form."""
    label, facts = str(record.leader), record_facts(record)
    electronic = facts.carrier_electronic or values(record, "245", "h") or values(record, "533", "a")
    return label[6] == "a" and label[7] == "m" and not electronic and bool(facts.title)


def evidence_of(record: Record) -> Evidence:
    """What a book that this record describes would show."""
    return _unimarc_evidence(record) if flavour(record) == "unimarc" else _marc21_evidence(record)


def _marc21_evidence(record: Record) -> Evidence:
    facts = record_facts(record)
    han = _han_fields(record)
    title = han.get("245") or record.get_fields("245")[0]
    imprint = han.get("264") or han.get("260") or next(iter(_imprints(record)), None)
    edition = han.get("250") or next(iter(record.get_fields("250")), None)
    single = {
        "title": _clean(_one(title, "a")), "subtitle": _clean(_one(title, "b")),
        "responsibility": _one(title, "c").rstrip(". "), "volume": _clean(_one(title, "n")),
        "edition": _clean(_one(edition, "a")), "place": _clean(_one(imprint, "a")),
        "publisher": _clean(_one(imprint, "b")), "year": str(facts.year or ""),
        "pages": str(facts.pages or ""), "language": facts.language,
    }  # fmt: skip
    fields: Fields = {name: _value(text) for name, text in single.items() if text}
    fields["names"] = [value for field in _name_fields(record) if (value := _name(field, record, han))]
    fields["series"] = [_value(_series(field)) for field in record.get_fields("490")]
    fields["isbn"] = [_value(entry.isbn13) for entry in facts.isbns if entry.isbn13 and not entry.cancelled]
    fields["subjects"] = [_value("--".join(subfields(f, "avxyz"))) for f in _lcsh(record)]
    fields["class"] = [
        FieldValue(c.number, c.number, 0.95, "copyright_page", scheme=c.scheme.lower())
        for c in facts.classes[:1]
    ]
    if values(record, "010", "a"):
        fields["lccn"] = _value(first(record, "010", "a"))
    lines = [
        f"©{year}" for f in record.get_fields("264") if f.indicator2 == "4" for year in subfields(f, "c")
    ]
    page = ImageEvidence(
        "", "", Face.COPYRIGHT_PAGE, lines=tuple(TextLine(t, 0.95, (0, 0, 1, 1)) for t in lines)
    )
    return Evidence(images=(page,), fields=fields, measured=Measured(height_mm=_millimetres(facts.height_cm)))


def _unimarc_evidence(record: Record) -> Evidence:
    facts = record_facts(record)
    title = record.get_fields("200")[0]
    single = {
        "title": _one(title, "a"), "subtitle": _one(title, "e"), "volume": _one(title, "h"),
        "responsibility": "；".join(subfields(title, "fg")), "edition": facts.edition,
        "place": facts.place, "publisher": facts.publisher, "year": first(record, "210", "d"),
        "pages": str(facts.pages or ""), "language": facts.language,
    }  # fmt: skip
    fields: Fields = {name: _value(text) for name, text in single.items() if text}
    fields["names"] = [
        FieldValue(_unimarc_name(field), "", 0.95, "title_page", role=_unimarc_role(field))
        for field in record.get_fields("700", "701", "702", "710", "711", "712")
    ]
    fields["subjects"] = [_value("－".join(subfields(f, "axyzj"))) for f in record.get_fields("606")]
    fields["class"] = [
        FieldValue(c.number, c.number, 0.95, "copyright_page", scheme="clc")
        for c in facts.classes
        if c.scheme == "CLC"
    ]
    return Evidence(fields=fields, measured=Measured(height_mm=_millimetres(facts.height_cm)))


def _unimarc_role(field: Field) -> str:
    """The role in English for the Chinese word in $4."""
    said = _one(field, "4")
    return next((role for role, words in _CHINESE_ROLES.items() if said and said in words), "")


def _unimarc_name(field: Field) -> str:
    rest = _one(field, "b")
    entry = _one(field, "a").rstrip(", ")
    if not rest:
        return entry
    return f"{rest}·{entry}" if has_han(entry) else f"{rest} {entry}"


def _han_fields(record: Record) -> dict[str, Field]:
    """880 fields by what they stand for: tag, and tag with occurrence number ("700-04")."""
    found: dict[str, Field] = {}
    for field in record.get_fields("880"):
        link = _one(field, "6")
        found.setdefault(link[:3], field)
        found[link[:6]] = field
    return found


def _imprints(record: Record) -> list[Field]:
    return [f for f in record.get_fields("264") if f.indicator2 == "1"] or record.get_fields("260")


def _name_fields(record: Record) -> list[Field]:
    return [f for f in record.get_fields("100", "700", "110", "710") if not subfields(f, "t")]


def _name(field: Field, record: Record, han: dict[str, Field]) -> FieldValue | None:
    """The name as a title page has it: direct order, no dates, with its role."""
    link = _one(field, "6")
    source = han.get(f"{field.tag}-{link[4:6]}", field) if link else field
    printed = _clean(_one(source, "a"))
    if field.tag[1:] == "00" and "," in printed and not has_han(printed):
        family, _, given = printed.partition(",")
        printed = f"{given.strip()} {family.strip()}"
    if not printed:
        return None
    said = (_one(field, "e") or _one(field, "4")).strip(" .,").casefold()
    role = _ROLES.get(said, said) or ("author" if field.tag[0] == "1" else "editor")
    return FieldValue(
        re.sub(r"\s+", "" if has_han(printed) else " ", printed), "", 0.95, "title_page", role=role
    )


def _series(field: Field) -> str:
    number = _one(field, "v")
    return f"{_clean(_one(field, 'a'))} ; {number}" if number else _clean(_one(field, "a"))


def _lcsh(record: Record) -> list[Field]:
    return [f for f in record.get_fields("650", "651") if f.indicator2 == "0"]


def _one(field: Field | None, code: str) -> str:
    return next(iter(subfields(field, code)), "") if field else ""


def _clean(text: str) -> str:
    plain = re.sub(r"[\s/:;,=]+$", "", text).strip()
    return plain if re.search(r"\b[A-Z]\.$|\b(?:Jr|Sr|Inc|Co|Ltd|ed)\.$", plain) else plain.rstrip(" .")


def _value(text: str) -> FieldValue:
    return FieldValue(text, text, 0.95, "title_page")


def _millimetres(height_cm: float | None) -> float | None:
    return None if height_cm is None else height_cm * 10 - 4


# --- comparison --------------------------------------------------------------------------------------------

Pair = tuple[str, str]
"""What the record has and what the draft has; equal texts agree."""


def pairs(record: Record, made: Record) -> Iterator[tuple[str, Pair]]:
    """Each element where the draft had to decide, with both forms."""
    yield from (_unimarc_pairs if flavour(record) == "unimarc" else _marc21_pairs)(record, made)


def _marc21_pairs(record: Record, made: Record) -> Iterator[tuple[str, Pair]]:
    was, now = record.get_fields("245")[0], made.get_fields("245")[0]
    if (was.indicator2 or " ").isdigit():
        yield "245 filing characters", (was.indicator2 or "", now.indicator2 or "")
    if len(control(record, "008")) == 40:
        yield from _coded_pairs(control(record, "008"), control(made, "008"))
    for tag, name in (("100", "100 heading"), ("700", "700 heading")):
        theirs, ours = _headings(record, tag), {fold(h) for t in ("100", "700") for h in _headings(made, t)}
        for heading in theirs:
            nearest = max(ours, key=lambda o: len(set(o.split()) & set(fold(heading).split())), default="")
            yield name, (fold(heading), fold(heading) if fold(heading) in ours else nearest)
    if record.get_fields("100", "110") or made.get_fields("100", "110"):
        yield "main entry tag", (_tag(record, "100", "110"), _tag(made, "100", "110"))
    if record.get_fields("880") and made.get_fields("880") and _one(was, "6"):
        yield "245 romanised", (tight(_clean(_one(was, "a"))), tight(_clean(_one(now, "a"))))
        yield "245 romanised, words apart", (fold(_clean(_one(was, "a"))), fold(_clean(_one(now, "a"))))
        imprint = next(iter(_imprints(record)), None)
        ours = made.get_fields("264")[0]
        yield "264 romanised publisher", (fold(_one(imprint, "b")), fold(_one(ours, "b")))
    for theirs, mine in zip(_lcsh(record), made.get_fields("600", "650", "651"), strict=False):
        codes = "".join(part.code for part in theirs.subfields if part.code in "avxyz")
        same = "".join(part.code for part in mine.subfields if part.code in "avxyz")
        yield "6XX subdivisions", (codes, same)
        yield "6XX tag", (theirs.tag, mine.tag)
    if record.get_fields("490"):
        yield "490 volume", (fold(first(record, "490", "v")), fold(first(made, "490", "v")))
    if values(record, "300", "c") and record_facts(record).height_cm:
        yield "300 height", (_height(record), _height(made))


def _height(record: Record) -> str:
    return f"{record_facts(record).height_cm:.0f}" if record_facts(record).height_cm else ""


def _coded_pairs(was: str, now: str) -> Iterator[tuple[str, Pair]]:
    yield "008 date type and dates", (was[6:15], now[6:15])
    yield "008 country (given a code)", (was[15:18], now[15:18] if now[15:18] != "|||" else was[15:18])
    yield "008 country coded at all", ("yes", "no" if now[15:18] == "|||" else "yes")
    yield "008 language", (was[35:38], now[35:38])
    if now[33] != "|":
        yield "008 literary form (given a code)", ("0" if was[33] == "0" else "1", now[33])


def _headings(record: Record, tag: str) -> list[str]:
    return [_clean(_one(f, "a")) for f in record.get_fields(tag) if not subfields(f, "t")]


def _tag(record: Record, *tags: str) -> str:
    return next((tag for tag in tags if record.get_fields(tag)), "none")


def _unimarc_pairs(record: Record, made: Record) -> Iterator[tuple[str, Pair]]:
    was, now = record.get_fields("200")[0], made.get_fields("200")[0]
    pinyin = "".join(subfields(was, "9A")[:1])
    if pinyin and has_han(_one(was, "a")):
        yield "200 pinyin", (tight(pinyin), tight("".join(subfields(now, "9A")[:1])))
    yield "100 language", (first(record, "101", "a"), first(made, "101", "a"))
    if values(record, "102", "b"):
        yield "102 division", (first(record, "102", "b"), first(made, "102", "b"))
    yield "100 date type and dates", (first(record, "100", "a")[8:17], first(made, "100", "a")[8:17])
    theirs = record.get_fields("701", "702", "711", "712")
    ours = {tight(_one(f, "a") + _one(f, "b")): f for f in made.get_fields("701", "702", "711", "712")}
    for field in theirs:
        mine = ours.get(tight(_one(field, "a") + _one(field, "b")))
        if not record.get_fields("700", "710"):
            yield "7XX tag", (field.tag, mine.tag if mine else "none")
        if mine and subfields(field, "9A"):
            yield "7XX pinyin", (tight(_one(field, "9") or _one(field, "A")), tight(_one(mine, "9")))
    for field, mine in zip(record.get_fields("606"), made.get_fields("606"), strict=False):
        yield (
            "606 subdivisions",
            tuple(  # type: ignore[misc]
                "".join(p.code for p in f.subfields if p.code in "axyzj") for f in (field, mine)
            ),
        )


# --- the table --------------------------------------------------------------------------------------------


def measure(
    files: list[Path], profiles: Callable[[Record], Profile], every: int = 1
) -> dict[str, list[Pair]]:
    """All pairs by element, over every printed book in the files (or each n-th record)."""
    found: dict[str, list[Pair]] = defaultdict(list)
    for path in files:
        for result in read_records(path):
            if result.n % every or result.record is None or not is_printed_book(result.record):
                continue
            evidence = evidence_of(result.record)
            if not evidence.text("title"):
                continue
            made = draft(evidence, profiles(result.record), WHEN)
            found["books"].append(("", ""))
            for name, pair in pairs(result.record, made):
                found[name].append(pair)
    return found


def profile_of(record: Record) -> Profile:
    """The example profile of the record's format."""
    name = "zh" if flavour(record) == "unimarc" else "en"
    return load_profile(ROOT / "examples" / "profiles" / f"{name}.toml")


def main() -> None:
    """Print the table."""
    raw = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    options.add_argument("files", nargs="*", type=Path)
    options.add_argument("--show", help="list the commonest disagreements of one element")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    files = chosen.files or sorted((ROOT / "examples" / "shipments").rglob("*.mrc"))
    profiles: dict[str, Profile] = {}

    def cached(record: Record) -> Profile:
        kind = flavour(record)
        return profiles.setdefault(kind, profiles.get(kind) or profile_of(record))

    found = measure(files, cached)
    books = len(found.pop("books", []))
    rows = {name: (sum(a == b for a, b in held), len(held)) for name, held in sorted(found.items())}
    if chosen.json:
        print(json.dumps({"books": books, "agree": rows}, ensure_ascii=False))
        return
    print(f"{books} printed books\n\n{'element':36}{'agree':>8}{'of':>8}{'share':>8}")
    for name, (same, of) in rows.items():
        print(f"{name:36}{same:>8}{of:>8}{same / of:>8.3f}")
    if chosen.show:
        differ = Counter(pair for pair in found[chosen.show] if pair[0] != pair[1])
        for (was, now), times in differ.most_common(60):
            print(f"{times:>5}  record {was!r}  draft {now!r}")


if __name__ == "__main__":
    main()
