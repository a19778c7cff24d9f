"""What `run` and `desk` take from --catalog and --targets."""

from pathlib import Path

import pytest

from marc import Catalogue
from workcell.cli.catalogues import asked_targets, record_files, shared_catalogue
from workcell.cli.options import EXAMPLES
from workcell.kernel.errors import ConfigError
from workcell.line.running import fill_sources

FILES = ["a.mrc", "b.mrc"]
ADDRESS = "z3950://ils.example.org:210/biblios"
DATABASE = "postgresql://u@h/d"


def test_files_addresses_and_databases_are_told_apart() -> None:
    assert record_files(FILES) == (Path("a.mrc"), Path("b.mrc"))
    assert record_files([ADDRESS]) == record_files([DATABASE]) == record_files(None) == ()
    assert (shared_catalogue([DATABASE]), shared_catalogue(FILES)) == (DATABASE, "")
    assert asked_targets(FILES, None) == ()


def test_an_address_is_the_librarys_own_catalogue_and_never_believed_from_the_cache() -> None:
    (own,) = asked_targets([ADDRESS], None)
    assert (own.name, own.url, own.cache_days) == ("catalogue", ADDRESS, 0)


def test_targets_of_a_file_come_behind_the_own_catalogue() -> None:
    targets = asked_targets([ADDRESS], EXAMPLES / "targets" / "targets.toml")
    assert [target.name for target in targets][:2] == ["catalogue", "loc"]


@pytest.mark.parametrize(
    "entries", [[*FILES, ADDRESS], [ADDRESS, DATABASE], [ADDRESS, ADDRESS], [*FILES, DATABASE]]
)
def test_the_own_records_come_from_one_place(entries) -> None:
    with pytest.raises(ConfigError, match="several places"):
        asked_targets(entries, None)


def test_a_catalogue_is_used_where_it_is_and_files_are_indexed(tmp_path) -> None:
    shipment = EXAMPLES / "shipments" / "en"
    with Catalogue.open(tmp_path / "own.sqlite") as catalogue:
        catalogue.import_files([shipment / "catalogue.mrc"], "catalogue")
    files = {"catalogue": (tmp_path / "own.sqlite",), "vendor": (shipment / "vendor.mrc",)}
    sources = fill_sources(tmp_path / "store", files)
    assert sources["catalogue"] == (tmp_path / "own.sqlite").resolve()
    with Catalogue(sources["vendor"]) as vendor:
        assert vendor.count() > 0
