"""What a targets.toml may say, what is asked of a target, and when it is spared."""

import pytest

from marc import Breaker, Target, Wanted, is_target_address, load_targets, target_at, wanted_from_text
from marc.target_queries import cql, pqf, questions
from workcell.cli.options import EXAMPLES
from workcell.kernel.errors import ConfigError

Z = Target(name="z", url="z3950://localhost/Books")
S = Target(name="s", url="http://localhost/sru")


def _asked(wanted, target=Z):
    return {question.step: question for question in questions(wanted, target)}


def test_an_isbn_is_asked_for_in_the_forms_that_the_target_holds() -> None:
    question = _asked(Wanted(isbns=("9780140275018",)))["isbn"]
    assert pqf(question, Z) == '@or @attr 1=7 @attr 4=2 "9780140275018" @attr 1=7 @attr 4=2 "0140275010"'
    hyphens = Target(name="h", url=S.url, isbn_forms=("hyphenated",))
    question = _asked(Wanted(isbns=("9780140275018",)), hyphens)["isbn"]
    assert cql(question, {"isbn": "dc.identifier"}) == 'dc.identifier="978-0-14-027501-8"'
    assert "or" not in cql(_asked(Wanted(isbns=("9791032305690",)), S)["isbn"], {"isbn": "i"})


def test_questions_lose_year_then_author() -> None:
    asked = _asked(Wanted(title="The history of salt", author="Kurlansky, Mark", year="2002"))
    assert list(asked) == ["title_author_year", "title_author", "title"]
    assert pqf(asked["title"], Z) == '@and @attr 1=4 @attr 4=2 "history" @attr 1=4 @attr 4=2 "salt"'
    assert cql(asked["title_author_year"], {"title": "t", "author": "a", "year": "y"}) == (
        't="history" and t="salt" and a="kurlansky" and y="2002"'
    )
    assert list(_asked(Wanted(title="Salt"))) == ["title_author_year"]
    assert _asked(Wanted(year="2002")) == {}


def test_words_are_asked_for_as_they_are_written() -> None:
    question = _asked(Wanted(title="L'Art du re\u0301gime", author="Sauvé, Arthur"))["title_author_year"]
    assert [term.values for term in question.terms] == [("art",), ("régime", "regime"), ("sauvé", "sauve")]
    assert _asked(Wanted(title="三体：地球往事"))["title_author_year"].terms[0].values == ("三体",)


def test_what_was_read_can_not_break_out_of_a_question() -> None:
    wanted = Wanted(title='a" @or "\n\\x', record_id='1" or 1="1')
    for question in questions(wanted, Z):
        assert "\n" not in pqf(question, Z)
        assert pqf(question, Z).replace('\\"', "").count('"') % 2 == 0
    assert '"1\\" or 1=\\"1"' in pqf(_asked(wanted)["id"], Z)


def test_a_persons_query_is_an_isbn_or_words() -> None:
    assert wanted_from_text("0-14-027501-0") == Wanted(isbns=("9780140275018",))
    assert wanted_from_text("salt 1901") == Wanted(words="salt 1901")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("z3950://h:1/d", True), ("http://h/sru", True), ("tcp://h:1/d", True), ("c.sqlite", False),
     ("C:\\c.sqlite", False), ("postgresql://h/d", False)],
)  # fmt: skip
def test_an_address_is_told_from_a_path(text, is_one) -> None:
    assert is_target_address(text) is is_one


def test_an_address_alone_makes_a_target() -> None:
    target = target_at("z3950://[::1]:9999/Books")
    assert (target.host, target.database, target.kind) == ("[::1]:9999", "Books", "z3950")
    assert target_at("z3950://lib.example").host == "lib.example:210"
    with pytest.raises(ConfigError):
        target_at("ftp://lib.example")


def test_the_example_targets_are_valid_and_in_order() -> None:
    targets = load_targets(EXAMPLES / "targets" / "targets.toml")
    assert len(targets) >= 5
    assert [target.priority for target in targets] == sorted(target.priority for target in targets)
    assert {target.kind for target in targets} == {"sru", "z3950"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[target]]\nname = "a"\nurl = "ftp://x"', "url must be"),
        ('[[target]]\nname = "A b"\nurl = "http://x"', "target.0.name"),
        ('[[target]]\nname = "a"\nurl = "http://x"\nspeed = 1', "target.0.speed"),
        ('[[target]]\nname = "vendor"\nurl = "http://x"', "is taken"),
        ('[[target]]\nname = "a"\nurl = "http://x"\ntimeout_s = 0', "target.0.timeout_s"),
        ('[[target]]\nname = "a"\nurl = "http://x"\nmay = ["all"]', "target.0.may"),
    ],
)
def test_what_is_wrong_in_targets_toml_is_named(tmp_path, text, said) -> None:
    path = tmp_path / "targets.toml"
    path.write_text('schema = "targets/1"\n' + text)
    with pytest.raises(ConfigError, match=said.replace(".", r"\.")) as caught:
        load_targets(path)
    assert str(path) in str(caught.value)


def test_a_password_comes_from_the_environment(monkeypatch) -> None:
    monkeypatch.setenv("LIB_PASSWORD", "s3cret")
    assert Target(name="a", url="http://x", user="u", password_env="LIB_PASSWORD").password == "s3cret"
    assert Target(name="a", url="http://x").password == ""


def test_a_breaker_opens_rests_tries_once_and_closes() -> None:
    breaker = Breaker(failures=2, rest_s=60)
    assert not breaker.failed(0)
    assert breaker.may_ask(0)
    assert breaker.failed(1)
    assert not breaker.may_ask(60)
    assert breaker.may_ask(61)
    assert not breaker.failed(61)
    assert not breaker.may_ask(120)
    assert breaker.succeeded()
    assert breaker.may_ask(121)
    assert not breaker.succeeded()
