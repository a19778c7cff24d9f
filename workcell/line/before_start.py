"""What must agree between layout and profile before a book is fed, and what a person should know of it."""

from __future__ import annotations

from pathlib import Path

import label_print
from workcell.kernel.errors import ConfigError
from workcell.kernel.layout import Layout
from workcell.kernel.number_ranges import write_number
from workcell.kernel.profile import Profile


def check_before_start(layout: Layout, profile: Profile, path: Path) -> list[str]:
    """What is left out with this layout, for a person to know when the batch begins.

    Raises ConfigError for what would stop every book; ``path`` is the profile's file.
    """
    _bins(layout, profile, path)
    if profile.operations.barcode_label and not profile.numbers.preprinted:
        numbers = [write_number(range_, range_.first) for range_ in profile.item_ranges()]
        label_print.check_labels(profile.labels, numbers, path)
    if not profile.operations.spot_check or profile.spot_check.bin in layout.bins:
        return []
    return [
        f"No copy is set apart for the spot check: the layout has no bin {profile.spot_check.bin}. "
        "Name it under [bins], or write spot_check = false under [operations] of the profile."
    ]


def _bins(layout: Layout, profile: Profile, path: Path) -> None:
    wanted = {profile.review_bin, profile.reject_bin, *(place.bin for place in profile.locations)}
    if profile.operations.spot_check and "spot_check" in profile.model_fields_set:
        wanted.add(profile.spot_check.bin)
    missing = sorted(wanted - set(layout.bins))
    if missing:
        raise ConfigError(
            f"the layout has no bin {', '.join(missing)}", subject=str(path),
            remedy="Name it under [bins] of the layout or use another bin in the profile.",
        )  # fmt: skip
