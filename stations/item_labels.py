"""Which symbols on a copy are item labels, and what numbers they carry.

A linear symbol of a kind that libraries use is an item label, this copy's or a strange one.  A matrix symbol
may be its publisher's: it counts where the profile's labels are of its kind and it carries a number as the
library writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import label_print
import vision
from workcell.kernel.errors import BadInput
from workcell.kernel.number_ranges import is_written_as
from workcell.kernel.profile import Profile
from workcell.kernel.symbologies import ITEM_SYMBOLOGIES, LINEAR_FORMATS


def item_labels(codes: Sequence[Mapping[str, Any]], profile: Profile) -> Iterator[Mapping[str, Any]]:
    """Those of the accepted codes (as ``read_label`` gives them) that are item labels.

    ``text`` is the number, without a check character that the profile's symbology puts behind it.
    """
    kinds = {ITEM_SYMBOLOGIES[copy.symbology].format for copy in profile.labels.copies}
    for code in codes:
        if not code["accepted"] or code["text"].startswith(vision.SLIP_PREFIX):
            continue
        number = number_of(code["text"], profile)
        ours = any(is_written_as(range_, number) for range_ in profile.item_ranges())
        if code["format"] in LINEAR_FORMATS or (code["format"] in kinds and ours):
            yield {**code, "text": number}


def number_of(scanned: str, profile: Profile) -> str:
    """The number that a label of this profile carries, from what a camera or a scanner read on it.

    Some scanners leave the check character out by themselves: a text that is a number of ours stays.
    """
    scanned = scanned.strip()
    if any(is_written_as(range_, scanned) for range_ in profile.item_ranges()):
        return scanned
    checked = {copy.symbology for copy in profile.labels.copies if ITEM_SYMBOLOGIES[copy.symbology].checked}
    return next(
        (scanned[:-1] for symbology in checked if _with_check(scanned[:-1], symbology) == scanned), scanned
    )


def _with_check(number: str, symbology: str) -> str:
    """What a reader gives of the number's symbol; nothing for a text that is no such number."""
    try:
        return label_print.symbol_of(number, symbology).text
    except BadInput:
        return ""
