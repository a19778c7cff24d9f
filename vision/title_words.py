"""The words of the trade on title pages, in the languages of the books: tables of patterns, nothing else."""

from __future__ import annotations

import re


def _any(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


def _one(*patterns: str) -> re.Pattern[str]:
    """Give a pattern that is one of ``patterns`` from its beginning to its end."""
    return re.compile(f"^{_any(*patterns)}$", re.IGNORECASE)


# --- who has published it, where and when ------------------------------------------------------------------

IMPRINT = re.compile(
    _any(
        "出版社", "出版公司", "出版集团", "書局", "书局", "书店", "書店", "印书馆", "印書館",
        r"\b" + _any(
            "Press", "Publish(?:er|ers|ing)", "Publications", "Books", "Verlag", "(?-i:É)ditions?",
            "Edizioni",
            "Editorial", "Editores", "House", "Company", "Sons", "Inc", "Ltd", "Group",
        ) + r"\b",
    ),
    re.IGNORECASE,
)  # fmt: skip
YEAR = re.compile(
    r"(?<!\d)(?P<value>(?:1[5-9]|20)\d{2}|二[〇零○OoＯ0][一二三四五六七八九〇零○]{2}|M[DCLXVI]{3,})(?!\d)"
)
PLACE = re.compile(
    r"^(?:[A-ZÀ-Þ][\w.'’-]*(?: (?:[A-ZÀ-Þ][\w.'’-]*|am|upon|on|de|la|le))*)"
    r"(?:(?:\s*[·•|/,;–—-]\s*|\s{2,}| and )[A-ZÀ-Þ][\w.'’ -]+){0,6}$"
)
_CITIES = _any(
    "北京", "上海", "天津", "重庆", "香港", "台北", "臺北", "澳门", "广州", "南京", "杭州", "武汉", "成都",
    "长沙",
    "西安", "沈阳", "济南", "郑州", "合肥", "福州", "南昌", "昆明", "贵阳", "南宁", "太原", "石家庄",
    "哈尔滨",
    "长春", "呼和浩特", "赤峰", "乌鲁木齐", "兰州", "银川", "西宁", "拉萨", "海口", "桂林", "苏州", "厦门",
    "青岛",
    "大连", "深圳", "宁波",
)  # fmt: skip
CHINESE_PLACE = re.compile(rf"^{_CITIES}(?:[·•\s,，]+{_CITIES})*$")

# --- who has made it ---------------------------------------------------------------------------------------

STATEMENT = re.compile(
    "^" + _any(
        _any(
            "written", "edited", "translated", "illustrated", "compiled", "adapted", "retold", "selected",
            "introduced", "annotated", "revised", "photographed", "abridged",
        ) + r"\b",
        _any(
            "by",
            r"with (?:an? |new )?(?:\w+ )?" + _any(
                "introduction", "essay", "foreword", "preface", "afterword", "illustrations", "contributions",
                "notes",
            ),
        ) + r"\b",
        _any(
            "translation", "illustrations?", "photographs", "pictures", "art", "drawings", "text", "foreword",
            "introduction", "preface", "afterword",
        ) + r" by\b",
        "general editor", r"editors?:?\b",
        "traduit", "traduction", "préface", "illustré", "illustrations? de", "sous la direction",
        "übersetzt", "übersetzung", r"aus dem \w+", "deutsch von", "herausgegeben", "hrsg",
        r"mit (?:einem|einer|illustrationen|zeichnungen|beiträgen)\b",
        "traducción", "traducido", "prólogo", "edición de", "ilustraciones",
        "traduzione", "a cura di", "prefazione", "tradução",
    ) + "|" + _any(r"\beditors?", r"\btranslators?", r"\(?(?:eds?|hrsg|hg|dir)\.?\)?") + "$",
    re.IGNORECASE,
)  # fmt: skip
BARE_WORD = _one(
    "by", "von", "par", "por", "di", "translated by", "edited by", "illustrated by", "written by"
)
TRANSLATOR = re.compile(
    _any(
        "translat",
        "traduit",
        "traduction",
        "übersetz",
        "aus dem",
        "deutsch von",
        "traducc",
        "traduz",
        "译",
        "譯",
    ),
    re.IGNORECASE,
)
ROLE_WORDS = re.compile(
    r"\b(?:edit|translat|illustrat|introduc|foreword|preface)|译|譯|编|編|绘|繪", re.IGNORECASE
)
SINGLE_NAME = re.compile(r"^[A-ZÀ-Þ](?:[a-zà-ÿ'’-]{2,}|[A-ZÀ-Þ'’-]{2,})$")

# --- what it is --------------------------------------------------------------------------------------------

VOLUME = _one(
    r"(?:Volume|Vol\.?|Book|Part)\s+(?:[0-9]{1,3}|[IVXL]+|One|Two|Three|Four|Five|Six)\b.{0,40}",
    r"第?[一二三四五六七八九十百0-9]{1,4}[卷册辑部集編编](?:[\s：:].{1,30})?",
    r"[（(]?[上中下][册卷部集]?[)）]?",
)
GENRE = _one(
    "(?:an? )?" + _any(
        "novels?", "stories", "short stories", "tales?", "poems", "essays", "memoirs?", "biography",
        "thriller",
        "plays?", "theatre", "romance",
        "roman", "récits?", "nouvelles", "poèmes", "essais", "biographie", "théâtre",
        "erzählungen", "gedichte", "krimi", "kriminalroman",
        "novela", "cuentos", "ensayos?", "poemas", "biografía",
        "romanzo", "novelle", "racconti",
    )
)  # fmt: skip
SERIES = re.compile(
    r"\b(?:series|library of|classics|studies in|monographs)\b|丛书|文库|系列|译丛|书系|教材$", re.IGNORECASE
)
ORIGINAL = re.compile(
    "^" + _any(
        "titre original", "originaltitel", "original title", "título original", "titolo originale",
        "originally published", "原名", "书名原文", "原著名",
    ),
    re.IGNORECASE,
)  # fmt: skip

# --- what stands on other pages ----------------------------------------------------------------------------

OTHER_PAGE = _one(
    "(?:table of )?contents", "preface", "foreword", "introduction", "acknowledge?ments", "dedication",
    "prologue",
    "index", "bibliography", "notes", "glossary", r"appendix(?: \w)?", r"(?:chapter|part) \w+", "also by.*",
    "by the same author",
    "table des matières", "sommaire", "préface", r"inhalt(?:sverzeichnis)?", "vorwort", "índice", "indice",
    "prólogo",
    r"目\s*[录錄次]", r"前\s*言", r"序\s*言?", r"自\s*序", r"后\s*记", r"後\s*記", r"附\s*录", r"附\s*錄",
    r"索\s*引",
    "参考文献", "内容(?:简介|提要)",
)  # fmt: skip
LIST_ENTRY = re.compile(r"[^\d\s]\D*[\s.…·]\s*\d{1,4}$")
