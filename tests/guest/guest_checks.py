"""Holding a booted guest against its forecast, and against what it must see as written down by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.guest.observe import observe, seen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sandbox.guest.trial import Trial

BOOTED_ITEMS = 14
"""Outcome, six masks, the list of nodes, a node's CPUs, distances and memory, three tables: what any guest tells."""


def check_guest(trial: Trial, by_hand: Mapping[str, Any]) -> None:
    """Check that a guest is as forecast in every item, and as expected by hand."""
    wrong = [check for check in trial.checks if not check.passed]
    assert wrong == [], f"{wrong}\n{trial.boot.console}"
    assert trial.passed
    checks = observe(by_hand, seen(trial.boot))
    assert [check for check in checks if not check.passed] == []
    if trial.boot.outcome == "panics":
        assert "outcome" in {check.what for check in trial.checks}
    else:
        assert len(trial.checks) >= BOOTED_ITEMS
        assert len(checks) >= 7
