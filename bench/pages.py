"""Printed pages with their truth, authored and drawn from a seed: what bench/ocr.py reads.

A sheet is lines with type sizes and places, and the fields that stand on it, nothing more: whatever else a
reader reports is invented.  All books are made up; their numbers are in registered ranges with right check
digits.  The same seed draws the same pages on any machine that has the same fonts.
"""

# ruff: noqa: E501 - authored lines of print
from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1240, 1754
LEVELS = ("clean", "light", "moderate", "heavy")
_MARGIN = 150
_LATIN_FACES = ("DejaVuSerif.ttf", "DejaVuSans.ttf", "DejaVuSerifCondensed.ttf", "DejaVuSansCondensed.ttf")
_CHINESE_FACES = ("wqy-microhei.ttc", "NotoSansCJK-Regular.ttc", "NotoSerifCJK-Regular.ttc", "uming.ttc")


@dataclass(frozen=True)
class Line:
    """One printed line, wrapped when too long: type size in pixels, blank above it, set centred or left.

    A ``gap`` below zero places the line that far from the foot of the page.
    """

    text: str
    size: int = 26
    gap: int = 0
    centred: bool = False


@dataclass(frozen=True)
class Sheet:
    """A page to be drawn: ``fields`` as a reader should report them, lists for repeated ones.

    Compared are normalised values; ``class`` entries are ``scheme:number``, names ``name|role``.
    """

    kind: str
    lines: tuple[Line, ...]
    fields: dict[str, str | list[str]] = field(default_factory=dict)
    wraps_anywhere: bool = False

    @property
    def text(self) -> str:
        """What is printed, line by line as authored."""
        return "\n".join(line.text for line in self.lines)


# --- drawing -------------------------------------------------------------------------------------------


def draw(sheet: Sheet, rng: random.Random) -> np.ndarray:
    """The sheet on white paper, as BGR."""
    page = Image.new("RGB", (WIDTH, HEIGHT), (252, 251, 248))
    pen = ImageDraw.Draw(page)
    face_name = rng.choice(_LATIN_FACES)
    y = 170
    for line in sheet.lines:
        face = _font(face_name, line.size, line.text)
        y = HEIGHT + line.gap if line.gap < 0 else y + line.gap
        for piece in _wrapped(line.text, face, pen):
            x = (WIDTH - pen.textlength(piece, face)) / 2 if line.centred else _MARGIN
            pen.text((x, y), piece, font=face, fill=(28, 28, 30))
            y += round(line.size * 1.36)
    return np.ascontiguousarray(np.asarray(page)[:, :, ::-1])


def degrade(page: np.ndarray, level: int, rng: random.Random) -> np.ndarray:
    """The page as a camera gives it: 0 clean, 1 light, 2 moderate, 3 heavy (and bent like an open book)."""
    if level == 0:
        return page
    noise = np.random.default_rng(rng.randrange(1 << 30))
    bent = _bent(page, 0.012) if level == 3 else page
    seen = _photographed(bent, (0.015, 0.035, 0.06)[level - 1], rng)
    seen = _shaded(seen, (0.08, 0.2, 0.4)[level - 1], rng)
    seen = cv2.GaussianBlur(seen, (0, 0), (0.5, 0.9, 1.5)[level - 1])
    grain = noise.normal(0, (2, 4, 8)[level - 1], seen.shape)
    seen = np.clip(seen.astype(np.float32) + grain, 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, (90, 75, 50)[level - 1]])
    return cv2.imdecode(packed, cv2.IMREAD_COLOR)


def _bent(page: np.ndarray, depth: float) -> np.ndarray:
    """Lines curve towards the gutter as on a page of a thick open book."""
    h, w = page.shape[:2]
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    sag = (depth * h * (1 - x / w) ** 3).astype(np.float32)
    return cv2.remap(page, x, y + sag, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _photographed(page: np.ndarray, tilt: float, rng: random.Random) -> np.ndarray:
    h, w = page.shape[:2]
    rim = 74
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], dtype=np.float32)
    moved = corners + rim + np.array([[rng.uniform(-1, 1) * tilt * w for _ in "xy"] for _ in range(4)])
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    size = (w + 2 * rim, h + 2 * rim)
    return cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_CUBIC, borderValue=(52, 50, 48))


def _shaded(page: np.ndarray, depth: float, rng: random.Random) -> np.ndarray:
    h, w = page.shape[:2]
    across = np.linspace(0, 1, w)[None, :] if rng.random() < 0.5 else np.linspace(1, 0, w)[None, :]
    down = np.linspace(0, 1, h)[:, None] if rng.random() < 0.5 else np.linspace(1, 0, h)[:, None]
    light = 1 - depth * (0.5 * across + 0.5 * down)
    return np.clip(page * light[:, :, None], 0, 255).astype(np.uint8)


def _wrapped(text: str, face: ImageFont.FreeTypeFont, pen: ImageDraw.ImageDraw) -> Iterator[str]:
    """Pieces that fit the text block: broken between words, between Chinese characters anywhere."""
    limit = WIDTH - 2 * _MARGIN
    units = list(text) if _is_chinese(text) else [word + " " for word in text.split(" ")]
    piece = ""
    for unit in units:
        if piece and pen.textlength((piece + unit).rstrip(), face) > limit:
            yield piece.rstrip()
            piece = ""
        piece += unit
    yield piece.rstrip()


@cache
def _loaded(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(name, size)


def _font(name: str, size: int, text: str) -> ImageFont.FreeTypeFont:
    for candidate in _CHINESE_FACES if _is_chinese(text) else (name,):
        try:
            return _loaded(candidate, size)
        except OSError:
            continue
    raise SystemExit("The bench needs the fonts DejaVu and WenQuanYi (fonts-dejavu, fonts-wqy-microhei).")


def _is_chinese(text: str) -> bool:
    return any("\u2e80" <= c <= "\u9fff" or c in "ⅠⅡⅢⅣⅤ①②" for c in text)


# --- made-up books -------------------------------------------------------------------------------------

_ENGLISH_TITLES = (
    "The Quiet Orchard", "Principles of Soil Chemistry", "Republic", "A History of Small Harbours", "Machine Vision",
    "Crossing the Winter Pass", "Numbers and Their Neighbours", "Salt", "Public Libraries in Transition",
    "The Weaver's Apprentice", "Distributed Ledgers", "Birds of the Northern Estuaries",
)  # fmt: skip
_ENGLISH_SUBTITLES = (
    "",
    "",
    "an introduction for practitioners",
    "letters from a coast",
    "theory and practice",
    "a memoir",
)
_ENGLISH_PERSONS = (
    ("Margaret", "Holloway"), ("Peter J.", "Okafor"), ("Susan", "Lindqvist"), ("Daniel", "Van der Berg"),
    ("Amina", "Hassan"), ("Robert", "O'Leary"), ("Chiara", "Bianchi"), ("Henry D.", "Walsh"),
)  # fmt: skip
_ENGLISH_HOUSES = (
    ("New York", "Harbor & Finch"), ("Cambridge, MA", "MIT Press"), ("London", "Routledge"), ("Chicago", "University of Chicago Press"),
    ("Boca Raton", "CRC Press"), ("Oxford", "Oxford University Press"), ("Princeton", "Princeton University Press"),
)  # fmt: skip
_LCC = (("Q325.5 .H65 {y}", "006.3/1"), ("S593 .O43 {y}", "631.4/1"), ("PR6058.A69 Q54 {y}", "823/.92"),
        ("Z678.9 .L56 {y}", "025.1"), ("QA241 .V36 {y}", "512.7"), ("PS3608.O4 S25 {y}", "813/.6"))  # fmt: skip
_LCSH = ("Machine learning", "Soil chemistry", "Harbors--History", "Logic, Symbolic and mathematical", "Libraries--Automation",
         "Birds--Identification", "Number theory")  # fmt: skip
_CHINESE_TITLES = (
    "江南旧事", "深度学习导论", "Python数据分析实战", "黄河流域水文研究", "时间的礼物", "现代汉语语法", "中国古代建筑史",
    "机器人学基础", "草原上的风", "计算机网络", "经济学原理", "儿童心理发展", "Linux内核设计", "敦煌石窟艺术",
)  # fmt: skip
_CHINESE_SUBTITLES = ("", "", "理论与方法", "从入门到精通", "第一部长篇小说", "基于案例的教学")
_CHINESE_PERSONS = ("王建国", "李思远", "张晓梅", "欧阳明", "陈一鸣", "刘洋", "赵雨晴", "周海波", "孙立")
_FOREIGN_PERSONS = (
    ("美", "詹姆斯·霍尔"),
    ("英", "安妮·怀特"),
    ("德", "汉斯·穆勒"),
    ("日", "村上和夫"),
    ("法", "让·勒鲁瓦"),
)
_CHINESE_HOUSES = (
    ("北京", "清华大学出版社", "302"), ("北京", "人民邮电出版社", "115"), ("上海", "上海译文出版社", "5327"), ("南京", "译林出版社", "5447"),
    ("北京", "中华书局", "101"), ("北京", "商务印书馆", "100"), ("武汉", "华中科技大学出版社", "5680"), ("海口", "南海出版公司", "5442"),
    ("北京", "生活·读书·新知三联书店", "108"), ("桂林", "广西师范大学出版社", "5598"),
)  # fmt: skip
_CLC = (
    "I247.57",
    "TP18",
    "TP312.8",
    "P344.2",
    "H146",
    "TU-092.2",
    "TP242",
    "F0",
    "B844.1",
    "K879.21",
    "TP393",
    "O151.2",
    "J218.2",
    "I712.45",
)
_CHINESE_SUBJECTS = (
    "长篇小说－中国－当代",
    "机器学习",
    "程序设计－高等学校－教材",
    "水文学－研究－中国",
    "汉语－语法",
    "建筑史－中国－古代",
)


def isbn13(body: str) -> str:
    """The thirteen digits of a number given by its first twelve."""
    total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(body))
    return body + str(-total % 10)


def isbn10(thirteen: str) -> str:
    """The older form of a 978 number."""
    total = sum(int(d) * w for d, w in zip(thirteen[3:12], range(10, 1, -1), strict=True))
    return thirteen[3:12] + "0123456789X"[-total % 11]


@dataclass(frozen=True)
class _Number:
    digits: str
    printed: str


def _english_isbn(rng: random.Random, prefix: str = "262") -> _Number:
    serial = f"{rng.randrange(10**5):05d}"
    digits = isbn13(f"9780{prefix}{serial}")
    return _Number(digits, f"978-0-{prefix}-{serial}-{digits[-1]}")


def _chinese_isbn(rng: random.Random, house: str) -> _Number:
    serial = str(rng.randrange(10 ** (8 - len(house)))).zfill(8 - len(house))
    digits = isbn13(f"9787{house}{serial}")
    return _Number(digits, f"978-7-{house}-{serial}-{digits[-1]}")


def _inverted(person: tuple[str, str]) -> str:
    return f"{person[1]}, {person[0]}"


def _direct(person: tuple[str, str]) -> str:
    return f"{person[0]} {person[1]}"


# --- Library of Congress and those who follow it -------------------------------------------------------


@dataclass(frozen=True)
class _EnglishBook:
    title: str
    subtitle: str
    authors: tuple[tuple[str, str], ...]
    place: str
    house: str
    year: int
    hard: _Number
    soft: _Number
    electronic: _Number
    lcc: str
    ddc: str
    subject: str
    lccn: str

    @property
    def statement(self) -> str:
        names = [_direct(a) for a in self.authors]
        return " and ".join(names) if len(names) < 3 else ", ".join(names[:-1]) + ", and " + names[-1]

    @property
    def described(self) -> str:
        return self.title + (f" : {self.subtitle}" if self.subtitle else "") + f" / {self.statement}"

    def fields(self, *names: str) -> dict[str, str | list[str]]:
        known: dict[str, str | list[str]] = {
            "title": self.title, "place": self.place, "publisher": self.house, "year": str(self.year),
            "lccn": self.lccn, "isbn": [self.hard.digits, self.soft.digits, self.electronic.digits],
            "class": [f"lcc:{self.lcc}", f"ddc:{self.ddc.replace('/', '')}"],
            "names": [f"{_inverted(a)}|author" for a in self.authors],
        }  # fmt: skip
        known |= {"subtitle": self.subtitle} if self.subtitle else {}
        return {name: known[name] for name in names if name in known}


def _english_book(rng: random.Random) -> _EnglishBook:
    title = rng.choice(_ENGLISH_TITLES)
    place, house = rng.choice(_ENGLISH_HOUSES)
    year = rng.randrange(2001, 2025)
    lcc, ddc = rng.choice(_LCC)
    numbers = [_english_isbn(rng) for _ in range(3)]
    persons = tuple(rng.sample(_ENGLISH_PERSONS, rng.choice((1, 1, 2, 3))))
    lccn = f"{year}{rng.randrange(10**6):06d}"
    subject = rng.choice(_LCSH)
    return _EnglishBook(title, rng.choice(_ENGLISH_SUBTITLES), persons, place, house, year, *numbers,
                        lcc.format(y=year), ddc, subject, lccn)  # fmt: skip


_RIGHTS = (
    "All rights reserved. No part of this book may be reproduced in any form without permission in writing from the publisher.",
)  # fmt: skip
_KEY = "10 9 8 7 6 5 4 3 2 1"


def lc_labelled(rng: random.Random) -> Sheet:
    """Library of Congress, labelled style (since 2015)."""
    b = _english_book(rng)
    edition = rng.choice(("", "Second edition. | ", "Revised edition. | "))
    names = " | ".join(f"{_inverted(a)}, author." for a in b.authors)
    lines = [
        *_RIGHTS, "Library of Congress Cataloging-in-Publication Data", f"Names: {names}", f"Title: {b.described}.",
        f"Description: {edition}{b.place} : {b.house}, {b.year}. | Includes bibliographical references and index.",
        f"Identifiers: LCCN {b.lccn} | ISBN {b.hard.digits} (hardback : alk. paper) | ISBN {b.soft.digits} (pbk.) | "
        f"ISBN {b.electronic.digits} (ebook)",
        f"Subjects: LCSH: {b.subject}.", f"Classification: LCC {b.lcc} | DDC {b.ddc}--dc23",
        f"LC record available at https://lccn.loc.gov/{b.lccn}", _KEY,
    ]  # fmt: skip
    truth = b.fields("title", "subtitle", "publisher", "year", "place", "lccn", "isbn", "class", "names")
    truth |= {"subjects": [b.subject], "printing": "1", "responsibility": b.statement}
    if edition:
        truth["edition"] = "2" if "Second" in edition else edition.rstrip(". |")
    return Sheet("lc_labelled", _paragraphs(lines), truth)


def lc_card(rng: random.Random) -> Sheet:
    """Library of Congress, card style (to 2015)."""
    b = _english_book(rng)
    edition = rng.choice(("", "2nd ed.", "Fourth edition."))
    lines = [
        f"Copyright © {b.year} by {b.house}", *_RIGHTS, "Library of Congress Cataloging-in-Publication Data",
        f"{_inverted(b.authors[0])}.", f"{b.described}." + (f" — {edition}" if edition else ""), "p. cm.",
        "Includes bibliographical references and index.",
        f"ISBN {b.hard.printed} (hardcover : alk. paper) — ISBN {isbn10(b.hard.digits)} (hardcover : alk. paper)",
        f"1. {b.subject}. I. Title.", b.lcc, f"{b.ddc.replace('/', chr(39))}—dc22 {b.lccn}", _KEY,
    ]  # fmt: skip
    truth = b.fields("title", "subtitle", "year", "lccn", "class")
    truth |= {"isbn": [b.hard.digits, b.hard.digits], "printing": "1", "subjects": [b.subject],
              "names": [f"{_inverted(b.authors[0])}|author"], "responsibility": b.statement}  # fmt: skip
    if "Press" in b.house:
        truth["publisher"] = b.house
    if edition:
        truth["edition"] = "2" if "2nd" in edition else "4"
    return Sheet("lc_card", _paragraphs(lines), truth)


def publishers_cip(rng: random.Random) -> Sheet:
    """A publisher's own block with the labels of the Library of Congress and colons after them."""
    b = _english_book(rng)
    lines = [
        f"Copyright © {b.year} {b.statement}", "All rights reserved.", "Publisher’s Cataloging-in-Publication data",
        "Names: " + "; ".join(f"{_inverted(a)}, author." for a in b.authors), f"Title: {b.described}.",
        f"Description: {b.place} : {b.house}, {b.year}.",
        f"Identifiers: LCCN: {b.lccn} | ISBN: {b.hard.printed} (hardcover) | {b.soft.printed} (paperback) | "
        f"{b.electronic.printed} (ebook)",
        f"Subjects: LCSH {b.subject}. | BISAC SCIENCE / General",
        f"Classification: LCC {b.lcc} | DDC {b.ddc.replace('/', '')}--dc23",
    ]  # fmt: skip
    truth = b.fields("title", "subtitle", "publisher", "year", "place", "lccn", "isbn", "class", "names")
    truth |= {"subjects": [b.subject, "SCIENCE / General"], "responsibility": b.statement}
    return Sheet("publishers_cip", _paragraphs(lines), truth)


def canada(rng: random.Random) -> Sheet:
    """Library and Archives Canada, labelled."""
    b = _english_book(rng)
    number = f"20{rng.randrange(16, 25)}0{rng.randrange(10**6):06d}"
    lines = [
        f"Copyright © {b.year} {b.statement}", *_RIGHTS, "Library and Archives Canada Cataloguing in Publication",
        f"Title: {b.described}.", "Names: " + " | ".join(f"{_inverted(a)}, author." for a in b.authors),
        "Description: Includes bibliographical references and index.",
        f"Identifiers: Canadiana (print) {number} | Canadiana (ebook) {number[:-1]}9 | ISBN {b.soft.digits} (softcover) | "
        f"ISBN {b.electronic.digits} (EPUB)",
        f"Subjects: LCSH: {b.subject}.", f"Classification: LCC {b.lcc} | DDC {b.ddc}—dc23",
        "Printed and bound in Canada",
    ]  # fmt: skip
    truth = b.fields("title", "subtitle", "year", "class", "names")
    truth |= {
        "isbn": [b.soft.digits, b.electronic.digits],
        "subjects": [b.subject],
        "responsibility": b.statement,
    }
    return Sheet("canada", _paragraphs(lines), truth)


def australia(rng: random.Random) -> Sheet:
    """National Library of Australia, entry style (to 2016)."""
    b = _english_book(rng)
    author = _inverted(b.authors[0])
    lines = [
        f"First published in {b.year} by {b.house}", f"Copyright © {b.statement} {b.year}", "All rights reserved.",
        "National Library of Australia Cataloguing-in-Publication entry", f"Creator: {author}, author.",
        f"Title: {b.described}.", f"ISBN: {b.soft.printed} (paperback)", "Notes: Includes index.",
        f"Subjects: {b.subject}.", f"Dewey Number: {b.ddc.replace('/', '')}",
    ]  # fmt: skip
    truth = b.fields("title", "subtitle", "year", "publisher")
    truth |= {"isbn": [b.soft.digits], "class": [f"ddc:{b.ddc.replace('/', '')}"], "names": [f"{author}|author"],
              "subjects": [b.subject], "responsibility": b.statement}  # fmt: skip
    return Sheet("australia", _paragraphs(lines), truth)


def british(rng: random.Random) -> Sheet:
    """A British publisher's page with the note of the British Library and a printing history."""
    b = _english_book(rng)
    reprint = b.year + 3
    lines = [
        f"First published in Great Britain in {b.year} by {b.house}", f"Reprinted {reprint}",
        f"Copyright © {b.statement}, {b.year}", "The moral right of the author has been asserted",
        "A CIP catalogue record for this book is available from the British Library",
        f"ISBN {b.hard.printed} (hardback)", f"ISBN {b.soft.printed} (pbk.)", f"eISBN {b.electronic.printed}",
        "Printed and bound by CPI Group (UK) Ltd, Croydon CR0 4YY", "1 3 5 7 9 10 8 6 4 2",
    ]  # fmt: skip
    truth = b.fields("year", "publisher", "isbn") | {"printing": "1"}
    return Sheet("british", _paragraphs(lines), truth)


def british_library_block(rng: random.Random) -> Sheet:
    """British Library Cataloguing in Publication Data, the older block."""
    b = _english_book(rng)
    lines = [
        f"Published by {b.house}", f"© {b.statement} {b.year}", *_RIGHTS, "British Library Cataloguing in Publication Data",
        _inverted(b.authors[0]), b.title + (f" : {b.subtitle}" if b.subtitle else ""), f"1. {b.subject}", "I. Title",
        b.ddc.replace("/", ""), f"ISBN {isbn10(b.hard.digits)}",
    ]  # fmt: skip
    truth = b.fields("title", "subtitle", "year", "publisher")
    truth |= {"isbn": [b.hard.digits], "class": [f"ddc:{b.ddc.replace('/', '')}"],
              "names": [f"{_inverted(b.authors[0])}|author"], "subjects": [b.subject]}  # fmt: skip
    return Sheet("british_library", _paragraphs(lines), truth)


# --- other languages -----------------------------------------------------------------------------------


def german(rng: random.Random) -> Sheet:
    """A German Impressum."""
    year = rng.randrange(2001, 2025)
    house, place = rng.choice(
        (("Suhrkamp Verlag", "Berlin"), ("Carl Hanser Verlag", "München"), ("Springer-Verlag", "Heidelberg"))
    )
    serial = rng.randrange(10**5)
    digits = isbn13(f"9783446{serial:05d}")
    edition = rng.choice(("1. Auflage", "2., überarbeitete Auflage", "3. Auflage"))
    lines = [
        "Bibliografische Information der Deutschen Nationalbibliothek",
        "Die Deutsche Nationalbibliothek verzeichnet diese Publikation in der Deutschen Nationalbibliografie; detaillierte "
        "bibliografische Daten sind im Internet über http://dnb.d-nb.de abrufbar.",
        f"{edition} {year}", f"© {year} {house} {place}", "Alle Rechte vorbehalten", "Umschlaggestaltung: Anna Krüger",
        "Satz: Fotosatz Amann, Memmingen", "Druck und Bindung: Friedrich Pustet, Regensburg", "Printed in Germany",
        f"ISBN 978-3-446-{serial:05d}-{digits[-1]}",
    ]  # fmt: skip
    return Sheet(
        "german",
        _paragraphs(lines),
        {"year": str(year), "publisher": house, "isbn": [digits], "edition": edition[0]},
    )


def french(rng: random.Random) -> Sheet:
    """A French publisher's page."""
    year = rng.randrange(2001, 2025)
    serial = rng.randrange(10**6)
    digits = isbn13(f"978207{serial:06d}")
    house = rng.choice(("Éditions Gallimard", "Éditions du Seuil"))
    lines = [
        "Titre original :", "THE QUIET ORCHARD", f"© {house}, {year}", "Tous droits de traduction, de reproduction et d’adaptation "
        "réservés pour tous les pays.", f"Dépôt légal : mars {year}", f"ISBN 978-2-07-{serial:06d}-{digits[-1]}", "Imprimé en France",
    ]  # fmt: skip
    return Sheet("french", _paragraphs(lines), {"year": str(year), "publisher": house, "isbn": [digits]})


def spanish(rng: random.Random) -> Sheet:
    """A Spanish publisher's page."""
    year = rng.randrange(2001, 2025)
    serial = rng.randrange(10**5)
    digits = isbn13(f"9788433{serial:05d}")
    lines = [
        f"Primera edición: mayo de {year}", "Título original: The Quiet Orchard", f"© Margaret Holloway, {year}",
        "© De la traducción: Jaime Zulaika", f"© EDITORIAL ANAGRAMA, S. A., {year}", "Pau Claris, 172", "08037 Barcelona",
        f"ISBN: 978-84-33{serial // 10**4}-{serial % 10**4:04d}-{digits[-1]}", f"Depósito legal: B. {rng.randrange(1000, 9999)}-{year}",
        "Impreso en España",
    ]  # fmt: skip
    truth = {"year": str(year), "isbn": [digits], "edition": "1", "publisher": "EDITORIAL ANAGRAMA, S. A"}
    return Sheet("spanish", _paragraphs(lines), truth)


# --- China ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _ChineseBook:
    title: str
    subtitle: str
    statement: str
    names: tuple[str, ...]
    place: str
    house: str
    year: int
    month: int
    number: _Number
    clc: str
    serial: str
    price: str
    edition: int
    printing: int

    @property
    def head(self) -> str:
        return self.title + (f"：{self.subtitle}" if self.subtitle else "")


def _chinese_book(rng: random.Random) -> _ChineseBook:
    place, house, prefix = rng.choice(_CHINESE_HOUSES)
    if rng.random() < 0.5:
        country, author = rng.choice(_FOREIGN_PERSONS)
        translators = rng.sample(_CHINESE_PERSONS, rng.choice((1, 2)))
        statement = f"（{country}）{author}著；{'，'.join(translators)}译"
        names = (f"{author}|author", *(f"{name}|translator" for name in translators))
    else:
        persons = rng.sample(_CHINESE_PERSONS, rng.choice((1, 1, 2)))
        word, role = rng.choice((("著", "author"), ("主编", "editor"), ("编著", "author"), ("编", "editor")))
        statement, names = "，".join(persons) + word, tuple(f"{name}|{role}" for name in persons)
    letters = rng.choice(("", "PR", "SZ", "A2"))
    return _ChineseBook(
        rng.choice(_CHINESE_TITLES), rng.choice(_CHINESE_SUBTITLES), statement, names, place, house,
        rng.randrange(2003, 2025), rng.randrange(1, 13), _chinese_isbn(rng, prefix), rng.choice(_CLC),
        letters + str(rng.randrange(10 ** (6 - len(letters)))).zfill(6 - len(letters)),
        f"{rng.randrange(18, 168)}.{rng.choice(('00', '80', '50'))}", rng.choice((1, 1, 2, 3)), rng.randrange(1, 13),
    )  # fmt: skip


def _colophon(b: _ChineseBook, rng: random.Random) -> list[str]:
    editor = rng.choice(_CHINESE_PERSONS)
    printed = f"{b.year + 1}年{b.month}月第{b.printing}次印刷"
    return rng.choice((
        [f"责任编辑：{editor}", f"出版发行：{b.house}", "开　　本：787×1092　1/16　印张：20.75　字数：512千字",
         f"版　　次：{b.year}年{b.month}月第{b.edition}版", f"印　　次：{printed}", f"定　　价：{b.price}元", "版权所有·侵权必究"],
        [f"责任编辑　{editor}", "责任印制　马建", f"出版发行　{b.house}", "地　　址　朝阳区光华路8号　邮编　100020",
         "开　　本　880×1230毫米　1/32", "印　　张　12.5　　字数　286千", f"版　　次　{b.year}年{b.month}月第{b.edition}版", f"印　　次　{printed}",
         f"书　　号　ISBN {b.number.printed}", f"定　　价　{b.price}元"],
        [f"责任编辑：{editor}　装帧设计：蔡立国", f"{b.house}出版发行", "新华书店经销　三河市天润印刷有限公司印刷",
         f"{b.year}年{b.month}月第{b.edition}版　　{printed}", "开本：710×1000　1/16　印张：18　字数：240千字", f"定价：{b.price}元"],
    ))  # fmt: skip


def _chinese_truth(b: _ChineseBook, number: str) -> dict[str, str | list[str]]:
    truth: dict[str, str | list[str]] = {
        "title": b.title, "place": b.place, "publisher": b.house, "year": str(b.year), "class": [f"clc:{b.clc}"],
        "cip_number": number, "price": f"CNY {b.price}", "edition": str(b.edition), "printing": str(b.printing),
        "names": list(b.names), "responsibility": b.statement,
    }  # fmt: skip
    return truth | ({"subtitle": b.subtitle} if b.subtitle else {})


def china_2001(rng: random.Random) -> Sheet:
    """GB/T 12451-2001, with one of three colophons below it."""
    b = _chinese_book(rng)
    serial, subject = f"{rng.randrange(10**6):06d}", rng.choice(_CHINESE_SUBJECTS)
    series = rng.choice(("", "", "博雅文丛"))
    original = rng.choice(("", "书名原文：The Long Way Home")) if "译" in b.statement else ""
    below = _colophon(b, rng)
    lines = [
        "图书在版编目（CIP）数据",
        f"{b.head}／{b.statement}．—{b.place}：{b.house}，{b.year}.{b.month}", *([f"（{series}）"] if series else []), *([original] if original else []),
        f"ISBN {b.number.printed}",
        f"Ⅰ．①{b.title[0]}…　Ⅱ．①{b.statement.strip('（')[0]}…　Ⅲ．①{subject}　Ⅳ．①{b.clc}",
        f"中国版本图书馆CIP数据核字（{b.year}）第{serial}号", *below,
    ]  # fmt: skip
    count = 1 + sum("ISBN" in line for line in below)
    truth = _chinese_truth(b, f"{b.year}{serial}") | {
        "isbn": [b.number.digits] * count,
        "subjects": [subject],
    }
    truth |= {"series": [series]} if series else {}
    return Sheet("china_2001", _paragraphs(lines), truth, wraps_anywhere=True)


def china_2023(rng: random.Random) -> Sheet:
    """GB/T 12451-2023: everything runs on."""
    b = _chinese_book(rng)
    series = rng.choice(("", "博雅文丛"))
    below = _colophon(b, rng)
    lines = [
        "图书在版编目（CIP）数据",
        f"{b.head}/{b.statement}.—{b.place}：{b.house}，{b.year}.{b.month}." + (f"—（{series}）." if series else "") + f"—ISBN {b.number.printed}",
        f"Ⅰ.{b.clc}", f"中国国家版本馆CIP数据核字第{b.year}{b.serial}号", *below,
    ]  # fmt: skip
    count = 1 + sum("ISBN" in line for line in below)
    truth = _chinese_truth(b, f"{b.year}{b.serial}") | {"isbn": [b.number.digits] * count}
    truth |= {"series": [series]} if series else {}
    return Sheet("china_2023", _paragraphs(lines), truth, wraps_anywhere=True)


def china_plain(rng: random.Random) -> Sheet:
    """An older page without CIP data: labels, and a 统一书号 that is no ISBN."""
    year, price = rng.randrange(1979, 1987), f"{rng.randrange(1, 4)}.{rng.randrange(10, 99)}"
    place, house, _ = rng.choice(_CHINESE_HOUSES)
    lines = [
        "江南旧事", "王建国　著", "＊", f"{house}出版", f"（{place}东四十二条21号）", "新华书店经销",
        f"{year}年5月第1版　{year + 1}年3月第2次印刷", "统一书号：10019·3452", f"定价：{price}元",
    ]  # fmt: skip
    truth: dict[str, str | list[str]] = {
        "year": str(year),
        "edition": "1",
        "printing": "2",
        "price": f"CNY {price}",
        "publisher": house,
    }
    return Sheet("china_plain", _paragraphs(lines), truth, wraps_anywhere=True)


def taiwan(rng: random.Random) -> Sheet:
    """國家圖書館出版品預行編目資料 with a Taiwanese colophon."""
    title, author = rng.choice((("江南舊事", "王建國"), ("時間的禮物", "陳一鳴"), ("海邊的圖書館", "歐陽明")))
    house = rng.choice(("聯經出版公司", "時報文化出版公司", "遠流出版公司"))
    year, serial = rng.randrange(2008, 2024), rng.randrange(10**4)
    digits = isbn13(f"97895708{serial:04d}")
    price, number = rng.randrange(200, 800, 10), f"{year - 1911}{rng.randrange(10**6):06d}"
    lines = [
        f"書名：{title}", f"作者：{author}", f"出版者：{house}", "地址：臺北市中正區忠孝東路一段10號", f"初版一刷　{year}年3月", f"定價：新臺幣{price}元",
        f"ISBN 978-957-08-{serial:04d}-{digits[-1]}（平裝）", "版權所有．翻印必究", "國家圖書館出版品預行編目（CIP）資料",
        f"{title} / {author}著. -- 初版. -- 臺北市：{house}, {year}.03", "面；　公分", f"ISBN 978-957-08-{serial:04d}-{digits[-1]}（平裝）",
        f"863.57　　　　{number}",
    ]  # fmt: skip
    truth: dict[str, str | list[str]] = {
        "title": title, "names": [f"{author}|author"], "publisher": house, "year": str(year), "place": "臺北市", "edition": "1", "printing": "1",
        "price": f"TWD {price}.00", "isbn": [digits, digits], "class": ["ncsclt:863.57"], "cip_number": number, "responsibility": f"{author}著",
    }  # fmt: skip
    return Sheet("taiwan", _paragraphs(lines), truth, wraps_anywhere=True)


# --- title pages ---------------------------------------------------------------------------------------


def title_english(rng: random.Random) -> Sheet:
    """An English title page in one of several orders."""
    b = _english_book(rng)
    edition = rng.choice(("", "Second Edition", "Third edition"))
    translated = rng.choice(("", "", "Translated by Lucy Marsh"))
    author = b.statement if len(b.authors) < 3 else ""
    head = [Line(b.title, 66, 120, centred=True)] + (
        [Line(b.subtitle.capitalize(), 38, 24, centred=True)] if b.subtitle else []
    )
    person = [Line(author, 38, 70, centred=True)] if author else []
    order = [*person, *head] if rng.random() < 0.35 else [*head, *person]
    lines = [*order, *([Line(translated, 30, 30, centred=True)] if translated else []), *([Line(edition, 30, 40, centred=True)] if edition else []),
             Line(b.house, 34, -300, centred=True), Line(b.place.split(",")[0], 28, 6, centred=True), Line(str(b.year), 28, 6, centred=True)]  # fmt: skip
    truth = b.fields("title", "publisher", "year") | {"place": b.place.split(",")[0]}
    truth |= {"subtitle": b.subtitle} if b.subtitle else {}
    truth |= {"edition": "2" if "Second" in edition else "3"} if edition else {}
    names = [f"{_direct(a)}|author" for a in b.authors] if author else []
    names += ["Lucy Marsh|translator"] if translated else []
    statement = " ; ".join(filter(None, (author, translated)))
    truth |= {"names": names, "responsibility": statement} if names else {}
    return Sheet("title_english", tuple(lines), truth)


def title_chinese(rng: random.Random) -> Sheet:
    """A Chinese title page, sometimes with the original's title below the Chinese one."""
    b = _chinese_book(rng)
    parts = b.statement.split("；")
    spaced = [
        f"{part[: -len(word)]}　{word}"
        for part in parts
        for word in ("主编", "编著", "著", "译", "编")
        if part.endswith(word)
    ]
    statements = [s for i, s in enumerate(spaced) if i == 0 or not s.endswith("编　著")][: len(parts)]
    original = "The Long Way Home" if "译" in b.statement and rng.random() < 0.5 else ""
    edition = f"第{b.edition}版" if b.edition > 1 else ""
    lines = [
        Line(b.title, 92, 140, centred=True), *([Line(b.subtitle, 44, 20, centred=True)] if b.subtitle else []),
        *([Line(original, 32, 24, centred=True)] if original else []), *([Line(f"（{edition}）", 34, 20, centred=True)] if edition else []),
        *[Line(s, 38, 60 if i == 0 else 10, centred=True) for i, s in enumerate(statements)],
        Line(b.house, 40, -300, centred=True), *([Line(b.place, 30, 10, centred=True)] if rng.random() < 0.5 else []),
    ]  # fmt: skip
    truth: dict[str, str | list[str]] = {
        "title": b.title,
        "publisher": b.house,
        "names": list(b.names),
        "responsibility": b.statement,
    }
    truth |= {"subtitle": b.subtitle} if b.subtitle else {}
    truth |= {"edition": str(b.edition)} if edition else {}
    truth |= {"place": b.place} if lines[-1].text == b.place else {}
    return Sheet("title_chinese", tuple(lines), truth, wraps_anywhere=True)


_EUROPEAN = (
    ("L’Étranger du port", "roman", "Albert Moreau", "traduit de l’anglais par Claire Dubois", "Claire Dubois", "Gallimard", "Paris", "2e édition"),
    ("Die Bücher der Stille", "Roman", "Jürgen Weiß", "Aus dem Englischen von Anna Krüger", "Anna Krüger", "Suhrkamp Verlag", "Berlin", "2. Auflage"),
    ("La sombra del puerto", "novela", "María Fernández", "Traducción de Jaime Zulaika", "Jaime Zulaika", "Editorial Anagrama", "Barcelona", "Tercera edición"),
)  # fmt: skip


def title_european(rng: random.Random) -> Sheet:
    """A French, German or Spanish title page."""
    title, kind, author, translated, translator, house, place, edition = rng.choice(_EUROPEAN)
    shown = rng.random() < 0.5
    lines = [Line(author, 40, 60, centred=True), Line(title, 66, 60, centred=True), Line(kind, 36, 20, centred=True), Line(translated, 30, 70, centred=True),
             *([Line(edition, 30, 40, centred=True)] if shown else []), Line(house, 36, -300, centred=True), Line(place, 28, 8, centred=True)]  # fmt: skip
    truth: dict[str, str | list[str]] = {"title": title, "names": [f"{author}|author", f"{translator}|translator"], "publisher": house, "place": place,
                                         "responsibility": f"{author} ; {translated}", "subtitle": kind}  # fmt: skip
    truth |= {"edition": "3" if "Tercera" in edition else "2"} if shown else {}
    return Sheet("title_european", tuple(lines), truth)


# --- pages that say nothing of their book --------------------------------------------------------------

_PROSE = (
    "It was the year in which the ferries stopped running before the autumn, and nobody had counted the steps "
    "to the station since then. In 1998 the old keeper published a list of the lights, and the second edition of "
    "it hung beside the door. We read it every winter by the stove, while the snow lay against the window.",
    "“You may as well ask the sea,” said my aunt, who had been translated by long residence into a native. She "
    "kept the accounts of the harbour in a hand so small that only she could read it.",
)  # fmt: skip
_CHINESE_PROSE = (
    "那一年的秋天来得很早，渡口的船停了，没有人再去数通往车站的台阶。老人把出版社寄来的书放在窗台上，第二版的封面已经褪了色。",
    "我们常常在炉火旁读它，窗外是厚厚的雪。她说，这本书的作者曾经来过这里，写下了许多年以后才有人读懂的句子。",
)  # fmt: skip


def prose(rng: random.Random) -> Sheet:
    """A page of running text: no field but its number."""
    chinese = rng.random() < 0.4
    number = str(rng.randrange(20, 900))
    body = [Line(text, 28, 14) for text in (_CHINESE_PROSE if chinese else _PROSE) * 3]
    return Sheet(
        "prose", (*body, Line(number, 26, -130, centred=True)), {"pages": number}, wraps_anywhere=chinese
    )


def contents(rng: random.Random) -> Sheet:
    """A table of contents."""
    pages = sorted(rng.sample(range(3, 400), 8))
    names = (
        "The ferry",
        "Early edition",
        "Letters by hand",
        "A press of people",
        "Winter",
        "The house",
        "Numbers",
        "Home",
    )
    lines = [Line("Contents", 48, 0, centred=True)] + [
        Line(f"{i}  {n}  {p}", 28, 20) for i, (n, p) in enumerate(zip(names, pages, strict=True), 1)
    ]
    return Sheet("contents", tuple(lines))


def dedication(rng: random.Random) -> Sheet:
    """A dedication: two lines in the middle of an empty page."""
    return Sheet(
        "dedication",
        (Line("For my mother,", 30, 400, centred=True), Line("who read every line", 30, 8, centred=True)),
    )


def _paragraphs(lines: list[str]) -> tuple[Line, ...]:
    return tuple(Line(text, gap=12) for text in lines)


KINDS: tuple[Callable[[random.Random], Sheet], ...] = (
    lc_labelled, lc_card, publishers_cip, canada, australia, british, british_library_block, german, french, spanish,
    china_2001, china_2023, china_plain, taiwan, title_english, title_chinese, title_european, prose, contents, dedication,
)  # fmt: skip


def sheets(each: int, seed: int) -> Iterator[Sheet]:
    """``each`` sheets of every kind."""
    for kind in KINDS:
        for number in range(each):
            yield kind(random.Random(f"{seed}-{kind.__name__}-{number}"))


def write(folder: Path, each: int, seed: int, level: int) -> list[tuple[Path, Sheet]]:
    """Draw the sheets into ``folder`` as JPEG."""
    drawn = []
    for number, sheet in enumerate(sheets(each, seed)):
        rng = random.Random(f"{seed}-{level}-{number}")
        path = folder / f"{number:04d}-{sheet.kind}-{LEVELS[level]}.jpg"
        cv2.imwrite(str(path), degrade(draw(sheet, rng), level, rng), [cv2.IMWRITE_JPEG_QUALITY, 95])
        drawn.append((path, sheet))
    return drawn
