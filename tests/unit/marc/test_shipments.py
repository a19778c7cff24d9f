"""The sample shipments' record files against what their READMEs say a cataloguer would find."""

import csv

import pytest
from marc_samples import ROOT, profile

from marc import Catalogue, read_records, record_facts, validate

SHIPMENTS = ROOT / "examples" / "shipments"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_shipments_files_are_sound_and_importable(language: str, tmp_path) -> None:
    for name in ("catalogue", "vendor"):
        results = list(read_records(SHIPMENTS / language / f"{name}.mrc"))
        assert [result.problem for result in results if result.problem] == []
        faults = [finding for result in results for finding in validate(result.record)]
        assert [finding for finding in faults if finding.severity == "error"] == []
        with Catalogue.open(tmp_path / f"{name}.sqlite") as catalogue:
            assert catalogue.import_files([SHIPMENTS / language / f"{name}.mrc"], name).new == len(results)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_items_of_the_shipments_catalogue_stand_at_locations_of_the_profile(language: str) -> None:
    codes = {location.code for location in profile(language).locations}
    records = [result.record for result in read_records(SHIPMENTS / language / "catalogue.mrc")]
    items = [item for record in records for item in record_facts(record).items]
    assert items
    for item in items:
        assert codes & set(item.locations)
        assert item.barcodes
        assert item.call_number


@pytest.mark.parametrize("language", ["en", "zh"])
def test_preliminary_records_that_orders_name_are_on_file(language: str) -> None:
    with (SHIPMENTS / language / "orders.csv").open(encoding="utf-8-sig", newline="") as file:
        named = {row["record_id"] for row in csv.DictReader(file) if row["record_id"]}
    held = {record_facts(r.record).record_id for r in read_records(SHIPMENTS / language / "catalogue.mrc")}
    assert named
    assert named <= held
