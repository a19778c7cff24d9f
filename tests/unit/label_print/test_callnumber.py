"""Call number to spine lines: published cases, losslessness, options; and shelving order."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from label_print import (
    LineOptions,
    LocalRules,
    Scheme,
    labels_of_a_copy,
    line_options,
    local_rule,
    sort_key,
    spine_label_of,
    spine_lines,
)
from workcell.kernel.errors import BadInput, ConfigError
from workcell.kernel.profile import load_profile

PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "data" / "callnumber_lines.json"
EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
OLDENBURG = LocalRules(pattern=r"([a-z]{3}) ([0-9.]+)( .+)? ([A-Z]{2} [0-9,]+)([a-z\-0-9]+)?")


def published() -> list[Any]:
    if not PUBLISHED.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{PUBLISHED} is not here"))]
    return [pytest.param(case, id=case["id"]) for case in json.loads(PUBLISHED.read_text("utf-8"))]


def options_of(case: dict[str, Any]) -> LineOptions:
    if case["scheme"] == "local (Oldenburg)":
        return LineOptions(local=OLDENBURG)
    return LineOptions(local=LocalRules(rules=tuple(local_rule(rule) for rule in case.get("rules", ()))))


@pytest.mark.parametrize("case", published())
def test_published_lines(case: dict[str, Any]) -> None:
    scheme = case["scheme"] if case["scheme"] in Scheme.__members__ else "LOCAL"
    assert list(spine_lines(case["call_number"], scheme, options_of(case))) == case["lines"]


@pytest.mark.parametrize(
    ("call_number", "scheme", "lines"),
    [
        ("TX519 .D26S 1954", "LCC", ["TX", "519", ".D26S", "1954"]),
        ("PZ7.P4415Br 1998", "LCC", ["PZ", "7", ".P4415Br", "1998"]),
        ("HD3840.5.A1I65 no. 1 c. 2", "LCC", ["HD", "3840.5", ".A1", "I65", "no. 1", "c. 2"]),
        ("Folio NX512.S85 A4 2006", "LCC", ["Folio", "NX", "512", ".S85", "A4", "2006"]),
        ("G3804.N4:2M3 1984 .N4", "LCC", ["G", "3804", ".N4:2M3", "1984", ".N4"]),
        ("WG 120 C6 2005", "NLM", ["WG", "120", "C6", "2005"]),
        ("R220.3 H2793Z H32 c.2", "DDC", ["R", "220.3", "H2793Z", "H32", "c.2"]),
        ("338.47677009 B12 v. 2", "DDC", ["338.47677009", "B12", "v. 2"]),
        ("B TWA", "DDC", ["B", "TWA"]),
        ("TP393.092-53/H637/第2册", "CLC", ["TP393.092-53", "H637", "第2册"]),
        ("no class here", "LCC", ["no", "class", "here"]),
        ("Q11.P6 n.s., v. 56, pt. 9", "LCC", ["Q", "11", ".P6", "n.s.,", "v. 56,", "pt. 9"]),
        ("PZ8.3.G276 Lo 1971", "LCC", ["PZ", "8.3", ".G276", "Lo", "1971"]),
        ("M1001.B4 op. 21, no. 3 1990", "LCC", ["M", "1001", ".B4", "op. 21,", "no. 3", "1990"]),
        ("QA76.76.O63 S55713 2014 v.2 c.3", "LCC", ["QA", "76.76", ".O63", "S55713", "2014", "v.2", "c.3"]),
        ("KFC995.A65xK57 2nd ed. 1999", "LCC", ["KFC", "995", ".A65x", "K57", "2nd ed.", "1999"]),
        ("CD-ROM QA76.9.D3", "LCC", ["CD-ROM", "QA", "76.9", ".D3"]),
        ("QA76.9.D3c.2", "LCC", ["QA", "76.9", ".D3", "c.2"]),
        ("T385.C54 1983/84 copy 2", "LCC", ["T", "385", ".C54", "1983/84", "copy 2"]),
        ("QA76.9 .D3 1999", "NLM", ["QA", "76.9", ".D3", "1999"]),
        ("W1 JO123 v. II", "NLM", ["W", "1", "JO123", "v. II"]),
        ("QZ 200 A549h 2015", "NLM", ["QZ", "200", "A549h", "2015"]),
        ("Ref q709.2 P58", "DDC", ["Ref", "q", "709.2", "P58"]),
        ("621.3828J28l", "DDC", ["621.3828", "J28l"]),
        ("813/.54 S76hc.2", "DDC", ["813/.54", "S76h", "c.2"]),
        ("YA 741.5973 SPI vol. 3", "DDC", ["YA", "741.5973", "SPI", "vol. 3"]),
        ("大 I247.5/1234:2 2005", "CLC", ["大", "I247.5", "1234:2", "2005"]),
        ("D920.4-44 / 5=2", "CLC", ["D920.4-44", "5=2"]),
        ("I247.5/12 第 2 册", "CLC", ["I247.5", "12", "第 2 册"]),
        ("I247.5/12/第2 册", "CLC", ["I247.5", "12", "第2 册"]),
        ("/I247.5//12/", "CLC", ["/I247.5//12/"]),
        ("TP312JA 910", "CLC", ["TP312JA", "910"]),
        ("TP312JA/716-5", "CLC", ["TP312JA", "716-5"]),
        ("PR92 1844.L33 1990", "LCC", ["PR", "92", "1844", ".L33", "1990"]),
        ("PR92 1844L33 1990", "LCC", ["PR", "92", "1844", "L33", "1990"]),
        ("PR2807.A2 E3 Part IV", "LCC", ["PR", "2807", ".A2", "E3", "Part IV"]),
        ("qa76.9 .d3 k4 1999", "LCC", ["qa", "76.9", ".d3", "k4", "1999"]),
        ("ref. wb 100 j5c.1", "NLM", ["ref.", "wb", "100", "j5", "c.1"]),
        ("616.89 A512d 5e éd. 1999", "DDC", ["616.89", "A512d", "5e éd.", "1999"]),
        ("530 Fey 2. Aufl.", "DDC", ["530", "Fey", "2. Aufl."]),
        ("297.1 ق 123", "DDC", ["297.1", "ق", "123"]),
        ("ספר\u00a0531\tא", "LOCAL", ["ספר", "531", "א"]),
        ("📚 12\u3000上", "LOCAL", ["📚", "12", "上"]),
    ],
)
def test_lines(call_number: str, scheme: str, lines: list[str]) -> None:
    assert list(spine_lines(call_number, scheme)) == lines


CALL_NUMBERS = st.one_of(
    st.text(min_size=1, max_size=40),
    st.text("ABKQTXZ.0123456789abv/-=()c: ", min_size=1, max_size=30),
    st.from_regex(
        r"[A-Z]{1,3} ?[0-9]{1,4}(\.[0-9]{1,9})?( ?\.?[A-Z][0-9]{1,4}[a-zA-Z]{0,2}){0,3}( v\. ?[0-9]+)?",
        fullmatch=True,
    ),
).filter(lambda text: any(map(str.isprintable, "".join(text.split()))))  # fmt: skip


@given(CALL_NUMBERS, st.sampled_from(["LCC", "DDC", "NLM", "LOCAL"]), st.booleans(), st.integers(0, 4))
@example("338.47677009", "DDC", True, 3)
@example(".", "LCC", True, 0)
def test_no_character_is_lost_or_added(text: str, scheme: str, split: bool, decimals: int) -> None:
    lines = spine_lines(text, scheme, LineOptions(split_class=split, decimals=decimals))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line == line.strip() != "" for line in lines)


@given(CALL_NUMBERS)
def test_in_clc_only_a_slash_between_lines_goes(text: str) -> None:
    lines = spine_lines(text, "CLC")
    whole, at = "".join(text.split()), 0
    for line in ("".join(line.split()) for line in lines):
        if at and not whole.startswith(line, at):
            assert whole[at] == "/"
            at += 1
        assert whole.startswith(line, at)
        at += len(line)
    assert at == len(whole)


def test_class_and_number_may_share_a_line() -> None:
    assert spine_lines("HE8700.7 .P6", "LCC", LineOptions(split_class=False)) == ("HE8700.7", ".P6")


def test_a_long_decimal_is_broken_where_wanted() -> None:
    assert spine_lines("338.47677009 B12", "DDC", LineOptions(decimals=3)) == (
        "338",
        ".476",
        "770",
        "09",
        "B12",
    )
    assert spine_lines("338.476 B12", "DDC", LineOptions(decimals=3)) == ("338.476", "B12")


def test_a_broken_decimal_keeps_its_point_beside_where_wanted() -> None:
    options = LineOptions(decimals=3, decimal_point="beside")
    assert spine_lines("338.47677009 B12", "DDC", options) == ("338.476", "770", "09", "B12")


def test_a_line_that_the_call_number_has_is_not_said_twice() -> None:
    options = LineOptions(prefix="Ref", volume="v. 3", copy="c.2", year="1999")
    assert spine_lines("Ref 813.54 R88 1999 v.3", "DDC", options) == (
        "Ref", "813.54", "R88", "1999", "v.3", "c.2",
    )  # fmt: skip


def test_a_profile_says_which_lines_stand_around() -> None:
    profile = load_profile(EXAMPLES / "profiles" / "en.toml")
    spine, location = profile.labels.spine, profile.locations[0]
    usual = line_options(spine, location, volume="v.3", year="1999", copy=2)
    assert spine_lines("813.54 R88", "DDC", usual) == ("813.54", "R88", "v.3")
    wanted = {"lines": ("location", "year", "copy"), "copy_line": "copy {copy}", "decimals": 2}
    options = line_options(spine.model_copy(update=wanted), location, volume="v.3", year="1999", copy=2)
    assert spine_lines("813.5412 R88", "DDC", options) == (
        "MAIN", "813", ".54", "12", "R88", "1999", "copy 2",
    )  # fmt: skip


def test_a_profile_s_templates_are_drawn(tmp_path: Path) -> None:
    rules = load_profile(EXAMPLES / "profiles" / "zh.toml").labels
    folder = EXAMPLES / "labels"
    spine = rules.spine.model_copy(update={"template": str(folder / "spine-25x38.toml")})
    copies = tuple(copy.model_copy(update={"symbology": "datamatrix"}) for copy in rules.copies)
    template = str(folder / "barcode-38x19-matrix.toml")
    rules = rules.model_copy(update={"template": template, "spine": spine, "copies": copies})
    item = next(iter(labels_of_a_copy(rules, "34401000010006", {"lines": ("I247.5", "12")})))
    assert item.label.size_mm == (38, 19)
    label = spine_label_of(rules, ("I247.5", "12"), {"accession": "250000001"})
    assert label.colour == "#fff3b0"
    without = spine_label_of(rules, ("I247.5", "12"))
    assert (label.bitmap == 0).sum() > (without.bitmap == 0).sum()
    broken = rules.model_copy(update={"template": str(tmp_path / "none.toml")})
    with pytest.raises(ConfigError, match="no such file"):
        next(iter(labels_of_a_copy(broken, "34401000010006")))


def test_a_template_in_another_symbology_than_the_profile_reads_back_is_refused() -> None:
    rules = load_profile(EXAMPLES / "profiles" / "zh.toml").labels
    matrix = rules.model_copy(update={"template": str(EXAMPLES / "labels" / "barcode-38x19-matrix.toml")})
    with pytest.raises(ConfigError, match=r"fields\.0\.symbology: datamatrix, .* say codabar"):
        next(iter(labels_of_a_copy(matrix, "34401000010006")))


def test_several_labels_of_one_number_are_told_apart() -> None:
    rules = load_profile(EXAMPLES / "profiles" / "zh.toml").labels
    pair = rules.model_copy(update={"copies": (*rules.copies, rules.copies[1])})
    made = list(labels_of_a_copy(pair, "34401000010006"))
    assert [(one.surface.value, one.copy) for one in made] == [("title_page", 1), ("back", 1), ("back", 2)]
    assert [(one.x_mm, one.y_mm) for one in made] == [(40, 14), (12, 150), (12, 150)]
    assert (made[1].label.bitmap == made[2].label.bitmap).all()


def test_lines_around_the_call_number() -> None:
    options = LineOptions(location="MAIN", prefix="Ref", suffix="OVERSIZE", volume="v.3", copy="c.2")
    assert spine_lines("813.54 R88h", "DDC", options) == (
        "MAIN", "Ref", "813.54", "R88h", "OVERSIZE", "v.3", "c.2",
    )  # fmt: skip


def test_rules_are_also_taken_as_koha_writes_them() -> None:
    assert local_rule(r"s/(\s?=)/\n=/g") == (r"(\s?=)", r"\n=")
    assert local_rule("s|^(j)/|$1 |i") == ("(?i)^(j)/", r"\1 ")
    assert local_rule("a=>b") == ("a", "b")
    with pytest.raises(BadInput, match="a local rule is"):
        local_rule("s/a/b")


@pytest.mark.parametrize(
    "rules", [LocalRules(pattern="(a) .+"), LocalRules(rules=(("b", "x"),)), LocalRules(pattern="(")]
)
def test_rules_that_would_change_the_text_are_refused(rules: LocalRules) -> None:
    with pytest.raises(ConfigError):
        spine_lines("a b", "LOCAL", LineOptions(local=rules))


@pytest.mark.parametrize(
    ("text", "scheme"), [("  ", "LCC"), ("\u200b \ufeff", "DDC"), ("\u3000", "CLC"), ("QA76", "XYZ")]
)
def test_bad_input_is_said(text: str, scheme: str) -> None:
    with pytest.raises(BadInput):
        spine_lines(text, scheme)


@pytest.mark.parametrize(
    ("scheme", "shelf"),
    [
        ("LCC", ["Q11.P6 v. 2", "Q11.P6 v. 10", "QA76 .B3", "QA76.73.P98 L88 2013", "QA76.73.P98 L88 2014",
                 "QA76.73.P98 L9", "QA76.9 .D3", "QA100 .A1", "QB1 .A1"]),
        ("LCC", ["PR6056 .A82", "PR6056 .A82 1990", "PR6056 .A82 S6", "PR6056 .A82 S6b", "PR6056 .A82 S62",
                 "PR6056 .A9", "PR6056.5 .A1"]),
        # "proper order" of SolrMarc's LCCallNumberUnitTests, and the basics of library-callnumber-lc
        ("LCC", ["AB9 L3", "AB9.22 L3", "ABR92.L3", "B8.14 L3", "B9 20th L3", "B9 2000", "B9 2000 35TH",
                 "B9 2000 L3", "B9 L3", "B9 SVAR .L3", "B9.2 2000 L3", "B82 2000 L3", "B820 2000 L3",
                 "B8200 L3", "M5 K4", "M5 .L", "M5 L299", "M5 L3 1902", "M5 L3 1902 V.2", "M5 L3 1902V",
                 "M5 .L3 2000 .K2 1880", "M5 .L3 K.2,13 2001", "M5.L3.K2", "M5 .L3 K2 1880",
                 "M5 .L3 K2 1880 M", "M5 .L3 K2 1880 .Q2 1777", "M5 .L3 K2 1882",
                 "M5 .L3 K2 D MAJ 1880", "M5 .L3 K2 NO.1 1880", "M5 .L3 K2 OP.7:NO.6 1880",
                 "M5 .L3 K2 OP.7:NO.51 1880", "M5 .L3 K2 OP.8", "M5 .L3 K2 OP.79",
                 "M5 .L3 K2 Q2 1880", "M5 .L3 K2 Q2 .A1", "M5 .L3 K2 VOL.1", "M5 L31", "M5 L31902", "M5 M2"]),
        ("LCC", ["a 8 f166", "a19 f96", "a19f99g15", "a19 .f99 g15 1997", "a610.8 e8f 0", "a614.2 f36",
                 "a614.4972 c12 es 0", "aa39", "ac 1 a671 2000", "ac 1 a6713 2000", "ac 1 a926 r 0",
                 "tk5105.87 .g57 1993", "tk5105.875 .i57 c92 2005", "tk5105.888 .s43 1997", "zzz19f99g15"]),
        ("DDC", ["111 .I39", "111.12 .I39", "111.123 I39", "111.134Q39", "322.44 .F816 V.1 1974",
                 "322.45 .R513 1957", "323 .A512RE NO.23-28", "323 .A778 ED.2", "323.09 .K43 V.1",
                 "324.54 .I39 F",
                 "324.548 .C425R", "324.6 .A75CUA"]),
        ("DDC", ["823.914 GAI", "823.914 ROW", "823.92 CLA", "940.53 ADA", "940.531 CAR", "940.5319 TOM",
                 "940.532 DAN", "940.54 BEN"]),
        ("CLC", ["TP312/88", "TP312/428", "TP312JA/258", "TP312JA/716-5", "tp312ja 910"]),
        ("LOCAL", ["soz 550.25 CW 12", "soz 550.3 CW 4", "soz 550.3 CW 12", "soz 1550 CW 1"]),
        ("DDC", ["813 A", "813/.5 A", "813.54 J28", "813.54 J28l", "813.54 J281", "R 100 A"]),
        ("NLM", ["QS 4 A1", "W 1 A2", "WG 120 C6 2005", "WG 120 C61"]),
        ("DDC", ["005.13 B1", "338 A", "338.4 A", "338.47 T147", "338.47 T15", "338.5 A"]),
        ("CLC", ["I2/1", "I24-51/1", "I247.5/12", "I247.5/123", "I247.5/1234:2", "I247.5/1234:10",
                 "I247.57/1", "K825.6/2", "TP3-0/1", "TP39/1", "TP39/H63", "TP393/1"]),
    ],
)  # fmt: skip
def test_keys_sort_as_on_the_shelf(scheme: str, shelf: list[str]) -> None:
    keys = [sort_key(call_number, scheme) for call_number in shelf]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_a_local_scheme_sorts_by_its_own_lines() -> None:
    shelf = ["sla 078 f DE 1886", "sla 078 f DE 1886a", "sla 078 f DE 12000", "sla 100 DE 1"]
    keys = [sort_key(call_number, "LOCAL", OLDENBURG) for call_number in shelf]
    assert keys == sorted(set(keys))


@given(CALL_NUMBERS, st.sampled_from(list(Scheme)))
def test_what_goes_on_behind_a_space_stands_behind(text: str, scheme: Scheme) -> None:
    """Nothing comes before something: a call number never files behind itself with a volume added."""
    base = " ".join(text.split())
    assert sort_key(base, scheme) <= sort_key(base + " v.2", scheme) <= sort_key(base + " v.10", scheme)


@given(
    st.sampled_from(["QA76.9 .D3", "WG 120 C6", "338.47 T15", "I247.5/12"]),
    st.integers(1, 999),
    st.integers(1, 999),
)
def test_volumes_sort_by_their_numbers(base: str, one: int, other: int) -> None:
    for scheme in Scheme:
        keys = [sort_key(f"{base} v.{number}", scheme) for number in (one, other)]
        assert (keys[0] < keys[1]) == (one < other)


@given(CALL_NUMBERS, st.sampled_from(list(Scheme)))
def test_every_call_number_has_a_key(text: str, scheme: Scheme) -> None:
    assert isinstance(sort_key(text, scheme), str)
