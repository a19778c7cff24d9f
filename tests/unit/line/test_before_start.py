"""What can't be with this layout and profile is said before a book is fed."""

from pathlib import Path

import pytest

from workcell.kernel.errors import ConfigError
from workcell.kernel.layout import load_layout
from workcell.kernel.profile import SpotCheck, load_profile
from workcell.line.before_start import check_before_start

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
FILE = EXAMPLES / "profiles" / "en.toml"
PROFILE = load_profile(FILE)


def check(layout="twin", profile=PROFILE):
    """What is told of an example layout with a profile."""
    return check_before_start(load_layout(EXAMPLES / "layouts" / f"{layout}.toml"), profile, FILE)


def changed(table, **changes):
    return PROFILE.model_copy(update={table: getattr(PROFILE, table).model_copy(update=changes)})


@pytest.mark.parametrize("layout", ["twin", "full-line"])
@pytest.mark.parametrize("profile", ["en", "zh"])
def test_the_example_layouts_with_a_check_bin_need_no_word(layout, profile):
    assert check(layout, load_profile(EXAMPLES / "profiles" / f"{profile}.toml")) == []


def test_a_layout_without_check_bin_is_told_with_what_to_do():
    (told,) = check("desk")
    assert "the layout has no bin check" in told
    assert "under [bins]" in told
    assert "spot_check = false" in told
    assert check("desk", changed("operations", spot_check=False)) == []


def test_a_profile_that_asks_for_a_sample_in_a_bin_that_is_not_there_is_refused():
    asked = PROFILE.model_copy(update={"spot_check": SpotCheck(bin="look")})
    with pytest.raises(ConfigError, match="no bin look"):
        check("twin", asked)


def test_a_location_s_bin_that_is_not_there_is_refused():
    place = PROFILE.locations[0].model_copy(update={"bin": "attic"})
    with pytest.raises(ConfigError, match="no bin attic") as refused:
        check("twin", PROFILE.model_copy(update={"locations": (place,)}))
    assert refused.value.subject == str(FILE)


def test_a_number_too_wide_for_its_label_is_refused_with_file_key_and_remedy():
    (one,) = PROFILE.labels.copies
    wide = changed("labels", copies=(one.model_copy(update={"symbology": "code39"}),))
    with pytest.raises(ConfigError) as refused:
        check("twin", wide)
    assert refused.value.subject == str(FILE)
    assert refused.value.what.startswith(
        "key labels.copies.0: field symbol does not fit a label of 50 x 25 mm"
    )
    assert "Use wider labels" in refused.value.remedy
    unprinted = wide.model_copy(update={"numbers": wide.numbers.model_copy(update={"preprinted": True})})
    assert check("twin", unprinted) == []


def test_a_spine_template_that_asks_for_what_nobody_gives_is_refused(tmp_path):
    template = (EXAMPLES / "labels" / "spine-25x38.toml").read_text("utf-8")
    (tmp_path / "spine.toml").write_text(template.replace('value = "lines"', 'value = "shelf"'), "utf-8")
    spine = PROFILE.labels.spine.model_copy(update={"template": str(tmp_path / "spine.toml")})
    with pytest.raises(ConfigError, match=r"key labels\.spine: .* has no shelf"):
        check("twin", changed("labels", spine=spine))
