"""The generated pages of the reference are as the code says."""

import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def generator():
    loader = importlib.machinery.SourceFileLoader("docs_generator", str(ROOT / "script" / "docs"))
    spec = importlib.util.spec_from_loader("docs_generator", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_every_generated_page_is_up_to_date(generator):
    assert generator.outdated() == [], "run .venv/bin/python script/docs"


def test_every_key_of_profile_and_layout_is_explained_and_no_other(generator):
    assert generator.unexplained() == []


def test_exit_codes_of_all_errors_are_on_the_page(generator):
    page = generator.command_line()
    for kind in generator.error_classes():
        assert f"| {kind.exit_code} |" in page
        assert kind.code in page
