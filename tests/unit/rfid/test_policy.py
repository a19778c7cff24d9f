"""Policies of a profile that no tag can follow are refused before a book is fed."""

from typing import Any

import pytest
from pydantic import ValidationError

from workcell.kernel.profile import TagPolicy


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({"model": "28560-3", "elements": [3, 6]}, "28560-3 has no place for elements 6"),
        ({"model": "cultu", "elements": [3, 8]}, "cultu has no place for elements 8"),
        ({"model": "28560-3", "elements": [3], "lock": True}, "no elements that can be locked"),
        ({"model": "28560-4", "lock": True}, "no elements that can be locked"),
        ({"model": "cultu", "elements": [3], "afi_on_shelf": 0x80}, "knows afi_on_shelf 7"),
        ({"afi_on_shelf": 256}, "less than or equal to 255"), ({"type_of_usage": "1"}, "match pattern"),
        ({"not_blank": "always"}, "'refuse', 'overwrite' or 'adopt'"), ({"model": "3M"}, "'28560-2'"),
    ],
)  # fmt: skip
def test_a_policy_that_no_tag_can_follow_is_refused(policy: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        TagPolicy.model_validate(policy)


@pytest.mark.parametrize("model", ["28560-2", "28560-3", "28560-4", "cultu"])
def test_every_model_takes_owner_and_usage(model: str) -> None:
    assert TagPolicy.model_validate({"model": model, "elements": [3, 5]}).model == model
