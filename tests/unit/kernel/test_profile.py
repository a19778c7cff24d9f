"""A profile's files stand beside it, and what is wrong in it is named by file, key and remedy."""

import tomllib
from pathlib import Path

import pytest
from PIL import Image

from label_print import labels_of_a_copy, spine_label_of
from marc.author_numbers import author_table
from workcell.kernel.errors import ConfigError
from workcell.kernel.profile import Profile, load_profile

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
TEXT = (EXAMPLES / "profiles" / "en.toml").read_text("utf-8")


@pytest.fixture
def write(tmp_path):
    """Write the example profile with some texts replaced, into a folder that is not the current one."""
    folder = tmp_path / "library"
    folder.mkdir()

    def call(*replacements):
        text = TEXT
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = folder / "profile.toml"
        path.write_text(text, "utf-8")
        return path

    call.folder = folder
    return call


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Another current folder, so that a path that depends on it leads nowhere."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


SPINE = ("[labels.spine]\n", '[labels.spine]\ntemplate = "labels/spine-25x38.toml"\n')
BARCODE = ("[labels]\n", '[labels]\ntemplate = "labels/barcode.toml"\n')
AUTHORS = ('book_number = "cutter" }', 'book_number = "author_table", author_table = "authors.csv" }')


def test_files_of_a_profile_are_found_beside_it_from_any_folder(write, elsewhere):
    labels = write.folder / "labels"
    labels.mkdir()
    spine = (EXAMPLES / "labels" / "spine-25x38.toml").read_text("utf-8")
    (labels / "spine-25x38.toml").write_text(spine, "utf-8")
    logo = (
        '\n[[fields]]\nname = "logo"\nkind = "picture"\nfile = "logo.png"\n'
        "x_mm = 0\ny_mm = 0\nwidth_mm = 4\nheight_mm = 4\n"
    )
    barcode = (EXAMPLES / "labels" / "barcode-50x25.toml").read_text("utf-8")
    (labels / "barcode.toml").write_text(barcode + logo, "utf-8")
    Image.new("L", (8, 8), 0).save(labels / "logo.png")
    (write.folder / "authors.csv").write_text("Ishiguro,I73\n", "utf-8")

    profile = load_profile(Path("..") / write(SPINE, BARCODE, AUTHORS).relative_to(write.folder.parent))

    (made,) = labels_of_a_copy(profile.labels, "33194000010001", {"call_number": "1"})
    assert (made.label.bitmap[:32, :32] == 0).sum() > 900
    assert spine_label_of(profile.labels, ("823", "I73")).size_mm == (25, 38)
    rules = profile.locations[0].call_number
    assert author_table(Path(rules.author_table)) == (("ishiguro", "I73"),)


@pytest.mark.parametrize(
    ("change", "key", "file"),
    [
        (SPINE, "labels.spine.template", "labels/spine-25x38.toml"),
        (BARCODE, "labels.template", "labels/barcode.toml"),
        (AUTHORS, "locations.0.call_number.author_table", "authors.csv"),
    ],
)
def test_a_file_that_is_not_there_is_named_with_key_and_remedy(change, key, file, write, elsewhere):
    path = write(change)
    with pytest.raises(ConfigError) as refused:
        load_profile(path)
    assert refused.value.subject == str(path)
    assert f"key {key}: no such file ({write.folder / file})" in refused.value.what
    assert "relative to the file that names it" in refused.value.remedy


PREFIXED = (
    'scheme = "codabar14"\nitem_type_digit = "3"\ninstitution = "3194"',
    'scheme = "plain"\nprefix = "r-"',
)


@pytest.mark.parametrize(
    ("changes", "what", "remedy"),
    [
        (
            [('symbology = "codabar"', 'symbology = "ean13"')],
            "key labels.copies.0.symbology: an EAN-13",
            "code128",
        ),
        (
            [('symbology = "codabar"', 'symbology = "pdf417"')],
            "key labels.copies.0.symbology: input should be",
            "",
        ),
        ([PREFIXED], "key labels.copies.0.symbology: codabar carries digits", "Take code128"),
        (
            [PREFIXED, ('symbology = "codabar"', 'symbology = "code39_mod43"')],
            "code39_mod43 carries digits, A to Z and - . space $ / + %, not 'r-', with which the numbers of "
            "numbers.item begin",
            "Take code128",
        ),
        (
            [("[labels.spine]\n", '[labels.spine]\ncopy_line = "copy"\n')],
            "labels.spine.copy_line: it lacks {copy}",
            "c.",
        ),
        (
            [('book_number = "cutter" }', 'book_number = "author_table" }')],
            "locations.0.call_number: book_number author_table needs author_table",
            "",
        ),
        (
            [('book_number = "cutter" }', 'book_number = "cutter", local_pattern = "(" }')],
            "locations.0.call_number: '(' is not a regular expression",
            "",
        ),
    ],
)
def test_what_can_not_be_is_named_by_file_key_and_remedy(changes, what, remedy, write):
    path = write(*changes)
    with pytest.raises(ConfigError) as refused:
        load_profile(path)
    assert refused.value.subject == str(path)
    assert what in refused.value.what
    assert remedy in refused.value.remedy
    assert refused.value.remedy


@pytest.mark.parametrize("symbology", ["code128", "qr", "datamatrix"])
def test_numbers_with_any_prefix_fit_the_symbologies_of_any_text(symbology, write):
    profile = load_profile(write(PREFIXED, ('symbology = "codabar"', f'symbology = "{symbology}"')))
    assert profile.labels.copies[0].symbology == symbology


def test_a_profile_made_in_memory_looks_for_no_files():
    data = tomllib.loads(TEXT)
    data["labels"]["template"] = "somewhere.toml"
    assert Profile.model_validate(data).labels.template == "somewhere.toml"
