import pytest

from marc import articles, dates, names, places, relators, romanising


@pytest.mark.parametrize(
    ("chinese", "latin"),
    [
        ("第1版.", "Di 1 ban."),
        ("历史的真知", "Li shi de zhen zhi"),
        ("中国社会科学出版社", "Zhongguo she hui ke xue chu ban she"),
        ("国际热点与中国的外交应对", "Guo ji re dian yu Zhongguo de wai jiao ying dui"),
        ("广东省新华书店", "Guangdong sheng xin hua shu dian"),
        ("中国藏学出版社", "Zhongguo zang xue chu ban she"),
        ("《女性》的力量，与爱", '"Nü xing" de li liang, yu ai'),
        ("乔布斯传", "Qiao bu si zhuan"),
        ("中国宣传", "Zhongguo xuan chuan"),
        ("20世纪婚姻家庭法", "20 shi ji hun yin jia ting fa"),
        ("Python 编程：从入门到实践", "Python bian cheng : cong ru men dao shi jian"),
    ],
)
def test_titles_are_romanised_by_the_ala_lc_table(chinese: str, latin: str) -> None:
    assert romanising.ala_lc(chinese) == latin


def test_persons_that_are_known_are_joined_in_statements() -> None:
    made = romanising.ala_lc("陈琪, 刘丰主编.", ["陈琪", "刘丰"])
    assert made == "Chen Qi, Liu Feng zhu bian."


@pytest.mark.parametrize(
    ("name", "heading", "words"),
    [
        ("单田芳", "Shan, Tianfang", "shan tian fang"),
        ("曾国藩", "Zeng, Guofan", "zeng guo fan"),
        ("仇英", "Qiu, Ying", "qiu ying"),
        ("解缙", "Xie, Jin", "xie jin"),
        ("查良铮", "Zha, Liangzheng", "zha liang zheng"),
        ("区文伟", "Ou, Wenwei", "ou wen wei"),
        ("盖叫天", "Ge, Jiaotian", "ge jiao tian"),
        ("任正非", "Ren, Zhengfei", "ren zheng fei"),
        ("朴树", "Piao, Shu", "piao shu"),
        ("尉迟敬德", "Yuchi, Jingde", "yu chi jing de"),
        ("万俟卨", "Moqi, Xie", "mo qi xie"),
        ("欧阳修", "Ouyang, Xiu", "ou yang xiu"),
        ("司马迁", "Sima, Qian", "si ma qian"),
        ("长孙无忌", "Zhangsun, Wuji", "zhang sun wu ji"),
        ("张爱玲", "Zhang, Ailing", "zhang ai ling"),
        ("吕不韦", "Lü, Buwei", "lv bu wei"),
        ("乐嘉", "Yue, Jia", "yue jia"),
        ("唐纳德·诺曼", "Nuoman, Tangnade", "tang na de nuo man"),
        ("丹尼尔・莱昂斯", "Lai'angsi, Danni'er", "dan ni er lai ang si"),
    ],
)
def test_names_are_read_as_names(name: str, heading: str, words: str) -> None:
    assert romanising.name(name) == heading
    assert romanising.name_words(name) == words


@pytest.mark.parametrize(
    ("place", "latin"),
    [
        ("北京", "Beijing"),
        ("北京市", "Beijing Shi"),
        ("[武汉]", "[Wuhan]"),
        ("西安", "Xi'an"),
        ("陕西", "Shaanxi"),
        ("石河子", "Shihezi"),
        ("New York", "New York"),
    ],
)
def test_places_are_joined(place: str, latin: str) -> None:
    assert romanising.place(place) == latin


@pytest.mark.parametrize(
    ("printed", "language", "heading"),
    [
        ("Martin Luther King, Jr.", "eng", "King, Martin Luther, Jr."),
        ("Vincent van Gogh", "dut", "Gogh, Vincent van"),
        ("Jean de La Fontaine", "fre", "La Fontaine, Jean de"),
        ("Friedrich vom Stein", "ger", "Vom Stein, Friedrich"),
        ("Gabriel García Márquez", "spa", "García Márquez, Gabriel"),
        ("Jorge Luis Borges", "spa", "Borges, Jorge Luis"),
        ("José Ortega y Gasset", "spa", "Ortega y Gasset, José"),
        ("Martinho Augusto da Fonseca", "por", "Fonseca, Martinho Augusto da"),
        ("Kertész Imre", "hun", "Kertész, Imre"),
        ("Halldór Laxness", "ice", "Halldór Laxness"),
        ("Mahathir bin Mohamad", "", "Mahathir bin Mohamad"),
        ("Dr. Jane Goodall, PhD", "eng", "Goodall, Jane"),
        ("Ursula K. Le Guin", "eng", "Le Guin, Ursula K."),
        ("Plato", "eng", "Plato"),
        ("Kimmerer, Robin Wall", "eng", "Kimmerer, Robin Wall"),
        ("马伯庸", "chi", "马伯庸"),
    ],
)
def test_names_file_by_the_rules_of_their_language(printed: str, language: str, heading: str) -> None:
    assert names.inverted(printed, language) == heading


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("World Health Organization", True),
        ("国家统计局", True),
        ("South Carolina", True),
        ("UNESCO", True),
        ("马伯庸", False),
        ("王小会", False),
        ("Robert Macfarlane", False),
        ("Hutt County (N.Z.)", True),
    ],
)
def test_bodies_are_told_from_persons(name: str, body: bool) -> None:
    assert names.is_body(name) is body


@pytest.mark.parametrize(
    ("title", "language", "skipped"),
    [
        ('The "winter mind"', "eng", 5),
        ("[The Part", "eng", 5),
        ("[Diary]", "eng", 0),
        ("L’Étranger", "fre", 2),
        ("Un'altra vita", "ita", 3),
        ("'t Hooge land", "dut", 3),
        ("A is for Alibi", "eng", 0),
        ("Ha-Erets", "heb", 3),
        ("Los Angeles", "spa", 0),
        ("Los amigos", "spa", 4),
        ("O Primo Basílio", "por", 2),
        ("Die Hard", "eng", 0),
        ("He\u0304 agora", "gre", 3),
        ("Az ember", "hun", 3),
        ("The", "eng", 0),
        ("三体", "chi", 0),
    ],
)
def test_articles_and_their_marks_do_not_file(title: str, language: str, skipped: int) -> None:
    assert articles.non_filing(title, language) == skipped


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("New York", "nyu"),
        ("Delevan, NY", "nyu"),
        ("Athens, Georgia", "gau"),
        ("Wellington [N.Z.]", "nz "),
        ("Cambridge, Mass.", "mau"),
        ("Ottawa?", "onc"),
        ("长沙", "cc "),
        ("臺北", "ch "),
        ("Nowhere", "|||"),
    ],
)
def test_places_have_codes_or_none(place: str, code: str) -> None:
    assert places.country_code(place) == code


def test_dates_tell_publication_from_copyright_and_reprint() -> None:
    page = "copyright_page"
    only = dates.read("2019", page, ("Copyright © 1998, 2019 by A. B.",))
    assert (only.inferred, dates.marc21_coded(only)) == (True, "t20192019")
    both = dates.read("2019", "title_page", ("© 2018 A. B.",))
    assert (both.inferred, dates.marc21_coded(both), dates.unimarc_coded(both)) == (
        False,
        "t20192018",
        "h20192018",
    )
    stated = dates.read("2019", page, ("© 2019 A. B.", "Published in 2019 by Foo"))
    assert (stated.inferred, dates.marc21_coded(stated)) == (False, "t20192019")
    again = dates.read("2001", page, ("Originally published: London : Foo, 1955.",))
    assert (dates.marc21_coded(again), dates.unimarc_coded(again)) == ("r20011955", "e20011955")
    assert dates.marc21_coded(dates.read("", "", ())) == "|||||||||"


def test_chinese_roles_are_taken_as_printed() -> None:
    statements = ("朱威烈, 金应忠主编", "王宗仁译")
    assert relators.printed_role("金应忠", statements) == "主编"
    assert relators.printed_role("王宗仁", statements) == "译"
    assert relators.printed_role("别人", statements) == ""
