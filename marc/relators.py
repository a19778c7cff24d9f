"""What somebody did for the book, in the words of each format.

Sources: RDA appendix I (relationship designators, MARC 21 $e); MARC Code List for Relators ($4); the role
words of Chinese statements of responsibility (CNMARC 701–712 $4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Relator:
    """One role: designator, MARC code, Chinese word; ``main`` may make a main entry, ``second`` is 702."""

    term: str
    code: str
    chinese: str
    main: bool = False
    second: bool = False


_RELATORS = {
    "author": Relator("author", "aut", "著", main=True),
    "adapter": Relator("adapter", "adp", "改编", main=True),
    "photographer": Relator("photographer", "pht", "摄影", main=True),
    "artist": Relator("artist", "art", "绘", main=True),
    "compiler": Relator("compiler", "com", "编"),
    "editor": Relator("editor", "edt", "编"),
    "translator": Relator("translator", "trl", "译", second=True),
    "illustrator": Relator("illustrator", "ill", "绘", second=True),
    "annotator": Relator("annotator", "ann", "注", second=True),
    "reviser": Relator("editor", "edt", "校", second=True),
    "narrator": Relator("narrator", "nrt", "口述"),
    "contributor": Relator("contributor", "ctb", "著"),
    "author of introduction": Relator("writer of supplementary textual content", "wst", "序", second=True),
    "writer of introduction": Relator("writer of introduction", "win", "序", second=True),
    "writer of foreword": Relator("writer of foreword", "wfw", "序", second=True),
    "writer of preface": Relator("writer of preface", "wpr", "序", second=True),
    "writer of afterword": Relator("writer of afterword", "waw", "跋", second=True),
    "issuing body": Relator("issuing body", "isb", "编"),
}
_PRINTED_ZH = re.compile(
    r"等?\s*(总主编|副主编|执行主编|主编|编著|编译|编绘|编写|编纂|编选|选编|汇编|改编|译注|校注|点校|注释|评注|翻译|口述|整理|摄影|绘图|"
    r"插图|审校|主审|著绘|原著|编辑|[著编译绘注校撰辑文图审序])"
)


def relator(role: str) -> Relator | None:
    """The role as the formats name it, or None for one that is not in the table (it is kept as printed)."""
    return _RELATORS.get(role.strip().casefold())


def is_main(role: str) -> bool:
    """Whether a role can make a main entry; a name without a role can."""
    found = relator(role)
    return not role or (found is not None and found.main)


def printed_role(name: str, statements: tuple[str, ...]) -> str:
    """The Chinese role word that stands behind the name in a statement of responsibility, or ``""``."""
    for statement in statements:
        plain = re.sub(r"\s+", "", statement)
        at = plain.find(re.sub(r"\s+", "", name))
        if at >= 0:
            found = _PRINTED_ZH.search(plain, at + len(re.sub(r"\s+", "", name)))
            return found.group(1) if found else ""
    return ""
