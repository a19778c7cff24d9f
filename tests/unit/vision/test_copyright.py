"""Copyright pages: CIP data of both Chinese generations, Library of Congress, and publishers' own."""

from collections.abc import Callable

import pytest

from vision.copyright import read_copyright_page
from vision.money import normal_price
from workcell.kernel.evidence import Fields, FieldValue


def _flat(fields: Fields) -> dict[str, object]:
    return {
        name: [v.value for v in value] if isinstance(value, list) else value.value
        for name, value in fields.items()
    }


OLD_CIP = """图书在版编目（CIP）数据
世界文明启示录/（德）伊瓦尔·里斯纳著；吴奕俊，鲍京秀译.
—天津：天津人民出版社，2020.7
（世界史文库）
ISBN 978-7-201-15984-3
Ⅰ.①世…　Ⅱ.①伊…②吴…　Ⅲ.①文化史－世界－通俗读物　Ⅳ.①
K103-49
中国版本图书馆CIP数据核字（2020）第090438号
责任编辑：张立红
开　　本：787×1092　1/16　印张：20.75　字数：512千字
版　　次：2021年1月第2版
印　　次：2022年6月第3次印刷
定　　价：79.00元""".splitlines()

NEW_CIP = """图书在版编目（CIP）数据
eBPF学习手册/（英）利兹·赖斯（Liz Rice）著；范彬，张保珠
，覃璐译.—北京：中国电力出版社，2024.8.—ISBN 978-7-51
98-8988-3
Ⅰ.TP316.89-62
中国国家版本馆CIP数据核字第2024PR2624号
定　　价：78.00元""".splitlines()

LABELLED = """Library of Congress Cataloging-in-Publication Data
Names: Peters, Jonas, author. | Smith, Ann, translator.
Title: Elements of causal inference : foundations and
learning algorithms / Jonas Peters.
Description: Second edition. | Cambridge, MA : MIT Press, 2017. | Series:
Adaptive computation | Includes bibliographical references and index.
Identifers: LCCN 2017020087 | ISBN 9780262037310
(hardcover : alk. paper)
Subjects: LCSH: Machine learning. | Logic, Symbolic and
mathematical.
Classification: LCC Q325.5 .P48 2017 | DDC
006.3/1--dc23
LC record available at https://lccn.loc.gov/2017020087
10 9 8 7 6 5 4 3""".splitlines()

CARD = """Copyright © 2013 by Pearson Education, Inc.
Library of Congress Cataloging-in-Publication Data
Stroustrup, Bjarne.
The C++ programming language / Bjarne Stroustrup.—Fourth edition.
pages cm
Includes bibliographical references and index.
ISBN 978-0-321-56384-2 (pbk. : alk. paper)—ISBN 0-321-56384-0 (pbk.)
1. C++ (Computer program language) I. Title.
QA76.73.C153 S77 2013
005.13'3—dc23 2013002159""".splitlines()


@pytest.fixture
def read(page_lines: Callable[..., list]) -> Callable[..., Fields]:
    return lambda lines: read_copyright_page(page_lines(*lines))


def test_the_chinese_block_of_2001(read):
    assert _flat(read(OLD_CIP)) == {
        "title": "世界文明启示录",
        "responsibility": "（德）伊瓦尔·里斯纳著；吴奕俊，鲍京秀译",
        "names": ["伊瓦尔·里斯纳", "吴奕俊", "鲍京秀"],
        "series": ["世界史文库"],
        "place": "天津",
        "publisher": "天津人民出版社",
        "year": "2021",  # of 版次: CIP data are older than the book
        "isbn": ["978-7-201-15984-3"],
        "class": ["K103-49"],
        "subjects": ["文化史－世界－通俗读物"],
        "cip_number": "（2020）第090438号",
        "edition": "第2版",
        "printing": "第3次印刷",
        "price": "79.00元",
        "format": "787×1092 1/16",
        "characters": "512千字",
    }


def test_roles_and_schemes_are_kept(read):
    fields = read(OLD_CIP)
    assert [n.role for n in fields["names"]] == ["author", "translator", "translator"]
    assert fields["class"][0].scheme == "clc"
    assert (fields["cip_number"].normalised, fields["price"].normalised) == ("2020090438", "CNY 79.00")
    assert (fields["edition"].normalised, fields["printing"].normalised) == ("2", "3")


def test_the_chinese_block_of_2023_runs_on(read):
    assert _flat(read(NEW_CIP)) == {
        "title": "eBPF学习手册",
        "responsibility": "（英）利兹·赖斯（Liz Rice）著；范彬，张保珠，覃璐译",
        "names": ["利兹·赖斯(Liz Rice)", "范彬", "张保珠", "覃璐"],
        "place": "北京",
        "publisher": "中国电力出版社",
        "year": "2024",
        "isbn": ["978-7-5198-8988-3"],
        "class": ["TP316.89-62"],
        "cip_number": "第2024PR2624号",
        "price": "78.00元",
    }


@pytest.mark.parametrize(
    ("printed", "read_as"),
    [
        ("Ⅳ.①I247.5", "I247.5"),
        ("V.①1247.5", "I247.5"),
        ("IV.①O17-44", "O17-44"),
        ("Ⅳ．①TP312②TN915.07", "TP312"),
    ],
)
def test_a_class_begins_with_a_letter(read, printed, read_as):
    lines = [line for line in OLD_CIP if not line.startswith("K103")]
    lines[5] = "Ⅰ.①世…　Ⅱ.①伊…　Ⅲ.①小说　" + printed
    assert read(lines)["class"][0].value == read_as


def test_volume_and_subtitle_are_taken_from_the_title(read):
    lines = ["图书在版编目(CIP)数据",
             "资治通鉴：文白对照.第三卷/（宋）司马光编著.—2版.—北京：中华书局，2019.3",
             "ISBN 978-7-101-13715-6", "中国版本图书馆CIP数据核字(2019)第012345号"]  # fmt: skip
    flat = _flat(read(lines))
    assert (flat["title"], flat["subtitle"], flat["volume"]) == ("资治通鉴", "文白对照", "第三卷")
    assert (flat["edition"], flat["publisher"]) == ("2版", "中华书局")


def test_the_labelled_block_of_the_library_of_congress(read):
    flat = _flat(read(LABELLED))
    assert flat == {
        "names": ["Peters, Jonas", "Smith, Ann"],
        "title": "Elements of causal inference",
        "subtitle": "foundations and learning algorithms",
        "responsibility": "Jonas Peters",
        "edition": "Second edition",
        "place": "Cambridge, MA",
        "publisher": "MIT Press",
        "year": "2017",
        "series": ["Adaptive computation"],
        "lccn": "2017020087",
        "isbn": ["9780262037310"],
        "subjects": ["Machine learning", "Logic, Symbolic and mathematical"],
        "class": ["Q325.5 .P48 2017", "006.3/1--dc23"],
        "printing": "10 9 8 7 6 5 4 3",
    }


def test_what_the_labelled_block_means(read):
    fields = read(LABELLED)
    assert [n.role for n in fields["names"]] == ["author", "translator"]
    assert [(c.scheme, c.normalised) for c in fields["class"]] == [
        ("lcc", "Q325.5 .P48 2017"),
        ("ddc", "006.31"),
    ]
    assert fields["isbn"][0].qualifier == "hardcover"
    assert fields["printing"].normalised == "3"


def test_the_card_of_the_library_of_congress(read):
    flat = _flat(read(CARD))
    assert flat["names"] == ["Stroustrup, Bjarne"]
    assert (flat["title"], flat["edition"]) == ("The C++ programming language", "Fourth edition")
    assert flat["class"] == ["QA76.73.C153 S77 2013", "005.13'3—dc23"]
    assert (flat["lccn"], flat["year"]) == ("2013002159", "2013")


def test_a_publishers_own_page_gives_only_what_it_says(read):
    flat = _flat(read([
        "First published 2019", "Published by Farrar, Straus and Giroux", "120 Broadway, New York 10271",
        "Copyright © 2019 by A. N. Other", "All rights reserved", "Third printing", "ISBN 978-0-306-40615-7",
    ]))  # fmt: skip
    assert flat == {
        "publisher": "Farrar, Straus and Giroux",
        "year": "2019",
        "printing": "Third printing",
        "isbn": ["978-0-306-40615-7"],
    }


def test_nothing_is_invented_from_running_text(read):
    text = [
        "It was the year in which we left the city, and nobody had",
        "counted the steps to the station since then.",
    ]
    assert read(text) == {}


def test_fields_know_their_place_on_the_page(read):
    value = read(OLD_CIP)["publisher"]
    assert isinstance(value, FieldValue)
    assert (value.page, value.box[1]) == ("copyright_page", 80.0 + 30 * 2)


@pytest.mark.parametrize(
    ("printed", "normal"),
    [("79.00元", "CNY 79.00"), ("US $24.95", "USD 24.95"), ("CAN $33.00", "CAD 33.00"),
     ("£9.99", "GBP 9.99"), ("€12,50", "EUR 12.50")],
)  # fmt: skip
def test_prices_get_a_currency(printed, normal):
    assert normal_price(printed) == normal
