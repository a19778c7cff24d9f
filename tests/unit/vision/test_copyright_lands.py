"""Copyright pages of other countries and habits; each gives what it says and nothing else."""

from collections.abc import Callable

import pytest

from vision.copyright import is_copyright_text, read_copyright_page
from vision.printing import lowest_of_key
from workcell.kernel.evidence import Fields


@pytest.fixture
def read(page_lines: Callable[..., list]) -> Callable[..., Fields]:
    return lambda *lines: read_copyright_page(page_lines(*lines))


def _flat(fields: Fields) -> dict[str, object]:
    return {
        name: [v.value for v in value] if isinstance(value, list) else value.value
        for name, value in fields.items()
    }


def test_the_block_of_taiwan(read):
    fields = read(
        "書名：時間的禮物",
        "作者：陳一鳴",
        "責任編輯：林小明",
        "出版者：聯經出版公司",
        "初版一刷　2021年3月",
        "定價：新臺幣350元",
        "國家圖書館出版品預行編目（CIP）資料",
        "時間的禮物 / 陳一鳴著. -- 初版. -- 臺北市：聯經出版公司, 2021.03",
        "面；　公分",
        "ISBN 978-957-08-1234-3（平裝）",
        "863.57　　　　110001234",
    )
    assert _flat(fields) == {
        "title": "時間的禮物",
        "names": ["陳一鳴"],
        "responsibility": "陳一鳴著",
        "publisher": "聯經出版公司",
        "place": "臺北市",
        "year": "2021",
        "edition": "初版",
        "printing": "一",
        "price": "新臺幣350元",
        "isbn": ["978-957-08-1234-3"],
        "class": ["863.57"],
        "cip_number": "110001234",
    }
    assert (fields["class"][0].scheme, fields["price"].normalised) == ("ncsclt", "TWD 350.00")
    assert (fields["edition"].normalised, fields["printing"].normalised) == ("1", "1")


def test_the_block_of_the_british_library(read):
    flat = _flat(
        read(
            "Published by Routledge",
            "© Peter Okafor 1987",
            "British Library Cataloguing in Publication Data",
            "Okafor, Peter",
            "The quiet orchard : a memoir",
            "1. Harbours - History",
            "I. Title",
            "941.08",
            "ISBN 0-306-40615-2",
        )
    )
    assert flat == {
        "publisher": "Routledge",
        "year": "1987",
        "names": ["Okafor, Peter"],
        "title": "The quiet orchard",
        "subtitle": "a memoir",
        "subjects": ["Harbours - History"],
        "class": ["941.08"],
        "isbn": ["0-306-40615-2"],
    }


def test_the_note_of_the_british_library_says_nothing_of_the_book(read):
    flat = _flat(
        read(
            "First published in Great Britain in 1998 by Harvill",
            "Reprinted 2001",
            "© Ann Lee, 1998",
            "A CIP catalogue record for this book is available from the British Library",
            "1 3 5 7 9 10 8 6 4 2",
        )
    )
    assert flat == {"publisher": "Harvill", "year": "1998", "printing": "1 3 5 7 9 10 8 6 4 2"}


def test_the_entry_of_the_national_library_of_australia(read):
    flat = _flat(
        read(
            "National Library of Australia Cataloguing-in-Publication entry",
            "Creator: Hassan, Amina, author.",
            "Title: Salt / Amina Hassan.",
            "Edition: 2nd ed.",
            "ISBN: 978-0-306-40615-7 (paperback)",
            "Notes: Includes index.",
            "Subjects: Salt--History.",
            "Dewey Number: 553.632",
        )
    )
    assert flat == {
        "names": ["Hassan, Amina"],
        "title": "Salt",
        "responsibility": "Amina Hassan",
        "edition": "2nd ed",
        "isbn": ["978-0-306-40615-7"],
        "subjects": ["Salt--History"],
        "class": ["553.632"],
    }


def test_the_block_of_canada_with_its_own_literature(read):
    fields = read(
        "Library and Archives Canada Cataloguing in Publication",
        "Title: Salt : a novel / Henry D. Walsh.",
        "Names: Walsh, Henry D., author. | Lee, Ann, illustrator.",
        "Identifiers: Canadiana (print) 20210804933 | ISBN 9780306406157 (softcover)",
        "Classification: LCC PS8607.O36 S25 2021 | DDC C813/.6—dc23",
    )
    assert [(n.value, n.role) for n in fields["names"]] == [
        ("Walsh, Henry D.", "author"),
        ("Lee, Ann", "illustrator"),
    ]
    assert [(c.scheme, c.normalised) for c in fields["class"]] == [
        ("lcc", "PS8607.O36 S25 2021"),
        ("ddc", "813.6"),
    ]
    assert "lccn" not in fields


def test_a_publishers_own_block_with_colons_and_lost_pipes(read):
    fields = read(
        "Publisher’s Cataloging-in-Publication data",
        "Names: Lee, Ann, author.; Hassan, Amina, author.",
        "Title: Salt / Ann Lee and Amina Hassan.",
        "Description: Second edition. I Boca Raton : CRC Press, 2021.",
        "Identifiers: LCCN: 2020906001 I ISBN: 978-0-306-40615-7 (hardcover)",
        "Subjects: LCSH Salt. | BISAC SCIENCE / General",
    )
    assert [n.value for n in fields["names"]] == ["Lee, Ann", "Hassan, Amina"]
    assert (fields["place"].value, fields["publisher"].value) == ("Boca Raton", "CRC Press")
    assert (fields["edition"].normalised, fields["lccn"].value) == ("2", "2020906001")
    assert [(s.value, s.scheme) for s in fields["subjects"]] == [
        ("Salt", "lcsh"),
        ("SCIENCE / General", "bisac"),
    ]


def test_a_card_with_an_author_of_one_name(read):
    flat = _flat(
        read(
            "Library of Congress Cataloging-in-Publication Data",
            "Plato.",
            "The republic / Plato ; translated by Ann Lee.",
            "p. cm.",
            "ISBN 0-306-40615-2",
            "1. Justice. I. Title.",
            "JC71 .P35 1998",
            "321'.07—dc21 98012345",
        )
    )
    assert (flat["names"], flat["title"]) == (["Plato"], "The republic")
    assert flat["responsibility"] == "Plato ; translated by Ann Lee"
    assert flat["class"] == ["JC71 .P35 1998", "321'.07—dc21"]


def test_a_cutter_number_begins_with_a_letter(read):
    lines = [
        "Identifiers: ISBN 9780306406157",
        "Title: Salt",
        "Classification: LCC S593 .043 2001 | DDC 631.4--dc23",
    ]
    assert read(*lines)["class"][0].value == "S593 .O43 2001"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["2., überarbeitete Auflage 2018", "© 2018 Carl Hanser Verlag München", "Printed in Germany"],
            {"edition": "2., überarbeitete Auflage", "year": "2018", "publisher": "Carl Hanser Verlag"},
        ),
        (
            ["Titre original : The Quiet Orchard", "© Éditions Gallimard, 2015", "Dépôt légal : mars 2015"],
            {"year": "2015", "publisher": "Éditions Gallimard"},
        ),
        (
            [
                "Primera edición: mayo de 2004",
                "Quinta edición: abril de 2010",
                "© Editorial Anagrama, S. A., 2010",
            ],
            {"edition": "Quinta edición", "year": "2010", "publisher": "Editorial Anagrama, S. A"},
        ),
        (
            ["First published 1998", "Cover design © 2015 by Ann Lee", "Copyright © Peter Okafor 1998, 2005"],
            {"year": "2005"},
        ),
    ],
)
def test_pages_without_cip_data(read, lines, expected):
    assert _flat(read(*lines)) == expected
    assert _flat(read()) == {}


def test_a_chinese_page_before_the_isbn(read):
    fields = read(
        "江南旧事",
        "王建国　著",
        "责任编辑　李思远",
        "中华书局出版",
        "新华书店经销",
        "1981年5月第1版　1982年3月第2次印刷",
        "统一书号：10019·3452",
        "定价：1.35元",
    )
    assert _flat(fields) == {
        "publisher": "中华书局",
        "edition": "第1版",
        "year": "1981",
        "printing": "第2次印刷",
        "price": "1.35元",
        "unified_number": "10019·3452",
    }
    assert fields["price"].normalised == "CNY 1.35"


def test_labels_without_colons_and_blanks_inside(read):
    flat = _flat(
        read(
            "出版发行　人民邮电出版社　北京市丰台区成寿寺路11号",
            "版　次　2019年5月第2版",
            "印　次　2021年3月第4次印刷",
            "◆ 著　　[美] 詹姆斯·霍尔",
            "定　价　79.80元",
        )
    )
    assert flat == {
        "publisher": "人民邮电出版社",
        "edition": "第2版",
        "year": "2019",
        "printing": "第4次印刷",
        "names": ["詹姆斯·霍尔"],
        "price": "79.80元",
    }


@pytest.mark.parametrize(
    ("misread", "series"),
    [
        ("译.—海口：南海出版公司，2021.3", None),
        ("译，一海口：南海出版公司，2021.3（博雅文丛）", "博雅文丛"),
        ("译.海口：南海出版公司，2021.3", None),
    ],
)
def test_a_dash_before_the_place_may_be_misread_or_lost(read, misread, series):
    fields = read(
        "图书在版编目（CIP）数据",
        "时间的礼物／（美）詹姆斯·霍尔著；张晓梅" + misread,
        "ISBN 978-7-5442-1234-4",
        "中国版本图书馆CIP数据核字（2021）第114646号",
    )
    assert (fields["place"].value, fields["publisher"].value) == ("海口", "南海出版公司")
    assert [(n.value, n.role) for n in fields["names"]] == [
        ("詹姆斯·霍尔", "author"),
        ("张晓梅", "translator"),
    ]
    assert [s.value for s in fields.get("series", [])] == ([series] if series else [])


@pytest.mark.parametrize(
    ("key", "lowest"),
    [
        ("10 9 8 7 6 5 4 3", 3),
        ("10987654321", 1),
        ("1 3 5 7 9 10 86 4 2", 1),
        ("579108643", 3),
        ("19 18 17 16  10 9 8 7", 7),
        ("08 09 10 11  5 4 3 2", 2),
        ("10 9 8765 4 3 2 1", 1),
        ("1914 1918", 0),
        ("212 555 0123", 0),
    ],
)
def test_the_lowest_number_of_a_printers_key(key, lowest):
    assert lowest_of_key(key) == lowest


def test_running_text_is_no_copyright_page(page_lines):
    assert not is_copyright_text(
        page_lines("In 1998 the keeper published a list of the lights,", "and the copyright was his.")
    )
    assert is_copyright_text(
        page_lines("© Éditions du Seuil, 1998", "Tous droits réservés", "Dépôt légal : mai 1998")
    )
