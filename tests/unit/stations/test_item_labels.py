"""Labels in every symbology that a profile may ask for are read back as the number that they carry."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import label_print
import vision
from stations.item_labels import item_labels, number_of
from workcell.kernel.profile import load_profile
from workcell.kernel.symbologies import ITEM_SYMBOLOGIES

NUMBER = "33194000010001"
URL = {"text": "https://publisher.example/9780571258093", "format": "QR", "accepted": True}


PROFILE = load_profile(Path(__file__).resolve().parents[3] / "examples" / "profiles" / "en.toml")


def labelled(symbology):
    """The profile with one label in a symbology, wide enough for all of them."""
    one = PROFILE.labels.copies[0].model_copy(update={"symbology": symbology})
    labels = PROFILE.labels.model_copy(update={"copies": (one,), "width_mm": 70.0})
    return PROFILE.model_copy(update={"labels": labels})


def seen(label, folder):
    """What the camera's reader makes of a label that lies on something grey."""
    ink = Image.open(io.BytesIO(label.png())).convert("L")
    ink = ink.resize((ink.width * 2, ink.height * 2), Image.Resampling.BICUBIC)
    scene = Image.fromarray(np.full((ink.height + 200, ink.width + 200), 120, np.uint8))
    scene.paste(ink, (100, 100))
    scene.save(folder / "label.png")
    found = vision.read_label(folder / "label.png")
    return [{"text": code.text, "format": code.format, "accepted": code.accepted} for code in found]


@pytest.mark.parametrize("symbology", ITEM_SYMBOLOGIES)
def test_each_symbology_is_printed_and_read_back_as_the_number(symbology, tmp_path):
    profile = labelled(symbology)
    (made,) = label_print.labels_of_a_copy(profile.labels, NUMBER)
    codes = seen(made.label, tmp_path)
    assert [code["text"] for code in item_labels([*codes, URL], profile)] == [NUMBER]


@pytest.mark.parametrize("symbology", ["codabar_mod16", "code39_mod43"])
def test_a_scanner_may_give_the_check_character_or_leave_it_out(symbology):
    profile = labelled(symbology)
    given = label_print.symbol_of(NUMBER, symbology).text
    assert given != NUMBER
    assert number_of(given + "\n", profile) == number_of(NUMBER, profile) == NUMBER
    wrong = given[:-1] + ("0" if given[-1] != "0" else "1")
    assert number_of(wrong, profile) == wrong


def test_a_strange_library_s_label_counts_and_a_publisher_s_matrix_does_not():
    strange = {"text": "A000777", "format": "CODE39", "accepted": True}
    unsure = {"text": NUMBER, "format": "CODABAR", "accepted": False}
    assert [code["text"] for code in item_labels([strange, unsure, URL], labelled("codabar"))] == ["A000777"]
    other = {"text": "33194000010019", "format": "DATAMATRIX", "accepted": True}
    assert [code["text"] for code in item_labels([other], labelled("datamatrix"))] == ["33194000010019"]
    assert list(item_labels([other], labelled("codabar"))) == []
