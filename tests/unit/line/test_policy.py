"""How far the machine goes alone with each kind of decision."""

import pytest

from workcell.kernel.model import Decision, DecisionKind
from workcell.kernel.profile import Autonomy, AutonomyRules
from workcell.line.policy import all_auto, may_go_on, rule_of

KINDS = [
    (DecisionKind.EXISTING, "order", "order_record"),
    (DecisionKind.EXISTING, "catalogue", "existing"),
    (DecisionKind.COPY, "vendor", "copy_record"),
    (DecisionKind.UPGRADE_CIP, "vendor", "upgrade_cip"),
    (DecisionKind.DRAFT, "", "draft"),
    (DecisionKind.VOLUME, "catalogue", "volume"),
]


def decided(kind, source=""):
    return Decision(kind, "R1", 0.9, 0.85, source=source)


@pytest.mark.parametrize(("kind", "source", "rule"), KINDS)
def test_each_kind_of_decision_has_its_own_rule(kind, source, rule):
    assert rule_of(decided(kind, source)) == rule
    only = AutonomyRules(
        **dict.fromkeys(AutonomyRules.model_fields, Autonomy.AUTO) | {rule: Autonomy.CONFIRM}
    )
    assert may_go_on(decided(kind, source), only).code == "CONFIRM"
    assert may_go_on(decided(kind, source), all_auto()) is None


def test_upgrades_drafts_and_volumes_start_with_a_person():
    rules = AutonomyRules()
    asked = [kind for kind, source, _ in KINDS if may_go_on(decided(kind, source), rules) is not None]
    assert asked == [DecisionKind.UPGRADE_CIP, DecisionKind.DRAFT, DecisionKind.VOLUME]


def test_watching_says_what_the_machine_would_do():
    reason = may_go_on(decided(DecisionKind.COPY, "vendor"), AutonomyRules(copy_record=Autonomy.WATCH))
    assert reason.code == "WATCH"
    assert "take over a vendor's record" in reason.text


def test_no_decision_never_goes_on():
    assert may_go_on(decided(DecisionKind.REVIEW), all_auto()).code == "NO_DECISION"
