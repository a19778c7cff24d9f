"""Policy: how far the machine may go alone with a decision, by the profile's autonomy."""

from __future__ import annotations

from workcell.kernel.model import Decision, DecisionKind, Reason
from workcell.kernel.profile import Autonomy, AutonomyRules

_RULE = {
    DecisionKind.EXISTING: "existing",
    DecisionKind.COPY: "copy_record",
    DecisionKind.UPGRADE_CIP: "upgrade_cip",
    DecisionKind.DRAFT: "draft",
    DecisionKind.VOLUME: "volume",
}
_WORDS = {
    "order_record": "use the order's own record",
    "existing": "add a copy to a record on file",
    "copy_record": "take over a vendor's record",
    "upgrade_cip": "upgrade a CIP record",
    "draft": "draft a record from the pages",
    "volume": "add a volume to a set",
}


def rule_of(decision: Decision) -> str:
    """The autonomy rule that governs a decision; empty for a review decision."""
    if decision.source == "order":
        return "order_record"
    return _RULE.get(decision.decision, "")


def may_go_on(decision: Decision, rules: AutonomyRules) -> Reason | None:
    """None when the copy goes on; else why a person is asked first."""
    rule = rule_of(decision)
    if not rule:
        return Reason("NO_DECISION", "The machine could not decide on a record.")
    autonomy: Autonomy = getattr(rules, rule)
    if autonomy is Autonomy.AUTO:
        return None
    if autonomy is Autonomy.WATCH:
        return Reason("WATCH", f"Watching only: the machine would {_WORDS[rule]}.")
    return Reason("CONFIRM", f"The profile asks a person to confirm: {_WORDS[rule]}.")


def all_auto() -> AutonomyRules:
    """Autonomy with every kind of decision let through, as a demonstration runs."""
    return AutonomyRules(**dict.fromkeys(AutonomyRules.model_fields, Autonomy.AUTO))
