import json
from datetime import date

import pytest
from marc_samples import evidence, marc21, profile
from typer.testing import CliRunner

from marc import Catalogue, open_sources, prepare, to_iso2709
from marc.suggesting import ClassModel, beside, calibration, load, save, shortened, suggest, train
from workcell.cli.app import app
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import evidence_to_json
from workcell.kernel.model import Decision, DecisionKind

TOPICS = {
    "641": "cooking bread soup kitchen",
    "551": "caves rocks rivers geology",
    "813": "love murder night island",
}
SEEN = evidence(title="Bread and soup from my kitchen")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    records = []
    for number in range(90):
        label = list(TOPICS)[number % 3]
        words = TOPICS[label].split()
        title = f"{words[number % 4].title()} and {words[(number // 3) % 4]}, part {number}"
        records.append(
            marc21(f"001 r{number}", f"082 04 $a{label}.{number % 2 + 3}$223", f"245 10 $a{title}.")
        )
    file = folder / "a.mrc"
    file.write_bytes(b"".join(to_iso2709(record, "marc21") for record in records))
    with Catalogue.open(folder / "cat.sqlite") as catalogue:
        catalogue.import_files([file], "catalogue")
    return folder / "cat.sqlite"


def test_a_class_is_suggested_with_neighbours_that_explain_it(path) -> None:
    with Catalogue(path) as catalogue:
        first = suggest(train(catalogue, "DDC"), SEEN, catalogue)[0]
    assert first.class_number.startswith("641")
    assert 0.5 < first.confidence < 1.0
    assert all(one.class_number.startswith("641") for one in first.neighbours)
    assert first.neighbours


def test_nothing_known_suggests_nothing(path) -> None:
    with Catalogue(path) as catalogue:
        assert suggest(train(catalogue, "DDC"), evidence(title="Qwertz xyzzy"), catalogue) == []
        with pytest.raises(BadInput, match="no record has a class"):
            train(catalogue, "CLC")


def test_a_model_is_kept_and_read_again(path, tmp_path) -> None:
    with Catalogue(path) as catalogue:
        model = train(catalogue, "DDC")
        save(model, tmp_path / "model")
        again = load(tmp_path / "model")
        assert suggest(again, SEEN, catalogue) == suggest(model, SEEN, catalogue)
    (tmp_path / "model").write_bytes(b"no model")
    with pytest.raises(BadInput, match="can't be read"):
        load(tmp_path / "model")


def test_confidence_rises_with_the_score_and_few_cases_never_say_certainty() -> None:
    made = calibration([(0.1, False), (0.2, False), (0.3, True), (0.4, False), (0.6, True), (0.9, True)])
    shares = [made.confidence(score) for score in (0.05, 0.1, 0.35, 0.6, 1.0)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] < 0.95
    many = calibration([(n / 1000, True) for n in range(1000)])
    assert many.confidence(0.5) > 0.99


def test_an_uncalibrated_model_is_never_sure() -> None:
    assert ClassModel("DDC", {"641": 1}, {"soup": {"641": 1}}).calibration.confidence(1.0) == 0.0


@pytest.mark.parametrize(
    ("number", "scheme", "label"),
    [("641.3/003", "DDC", "641"), ("[Fic]", "DDC", ""), ("QA76.73.P98", "LCC", "QA76"),
     ("I247.57", "CLC", "I247"),
     ("TP312PY", "CLC", "TP312"), ("x", "LOCAL", "")],
)  # fmt: skip
def test_classes_are_cut_to_the_level_of_suggestions(number: str, scheme: str, label: str) -> None:
    assert shortened(number, scheme) == label


@pytest.mark.parametrize(
    ("threshold", "code", "number"), [(1.0, "CLASS_SUGGESTED", ""), (0.6, "CLASS_ASSIGNED", "641")]
)
def test_a_suggestion_is_used_only_from_the_profiles_threshold_on(path, threshold, code, number) -> None:
    with Catalogue(path) as catalogue:
        save(train(catalogue, "DDC"), beside(path, "DDC"))
    library = profile("en")
    rules = library.locations[0].call_number.model_copy(update={"suggest_from": threshold})
    place = library.locations[0].model_copy(update={"call_number": rules})
    library = library.model_copy(update={"locations": (place,)})
    with open_sources({"catalogue": path}) as sources:
        made = prepare(
            SEEN, Decision(DecisionKind.DRAFT, None, 0.0, 0.85), sources, None, library, location=place.code,
            record_key="title:bread", on=date(2026, 5, 4),
        )  # fmt: skip
    assert [note.code for note in made.notes] == [code]
    assert made.class_number.startswith(number)
    assert bool(made.class_number) == bool(number)
    beside(path, "DDC").unlink()


def test_the_command_line_shows_suggestions_and_makes_the_shelf_list(path, tmp_path) -> None:
    seen = tmp_path / "evidence.json"
    seen.write_text(json.dumps(evidence_to_json(SEEN)), "utf-8")
    run = CliRunner().invoke
    done = run(app, ["marc", "suggest", "--evidence", str(seen), "--catalog", str(path), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["suggestions"][0]["class_number"].startswith("641")
    beside(path, "DDC").unlink()
    shelved = run(app, ["marc", "shelve", "--catalog", str(path), "--json"])
    assert json.loads(shelved.stdout) == {"book_numbers": 0}
