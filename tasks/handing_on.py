"""Handing a table on to the next step: validated, with what was refused kept and shown."""

from collections.abc import Sequence

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.handoffs.check import HandoffRefused, Quarantined, check
from orderworks.ledger.runs import Run, quarantine
from orderworks.model.listing import Listing
from tasks.showing import show_listing


async def hand_on(
    desk: Desk, run: Run, handoff: str, frame: pd.DataFrame, raw: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The rows of ``frame`` that keep every rule of the handoff's suite, numbered anew.

    Raises:
        HandoffRefused: if a column is wrong or too many rows break a rule; they are kept as well.
    """
    try:
        checked = check(
            handoff,
            frame,
            max_quarantined_pct=desk.settings.validation.max_quarantined_pct,
            raw=raw,
        )
    except HandoffRefused as refused:
        await _keep(desk, run, refused.quarantined)
        raise
    await _keep(desk, run, checked.quarantined)
    return checked.accepted.reset_index(drop=True)


async def _keep(desk: Desk, run: Run, rows: Sequence[Quarantined]) -> None:
    if not rows:
        return
    quarantine(desk.ledger, run, ((r.handoff, r.row, r.rule, r.content) for r in rows))
    await show_listing(
        Listing(
            ("handoff", "row", "rule", "content"),
            [(r.handoff, r.row, r.rule, r.content) for r in rows],
        ),
        f"quarantined {desk.account} {run.run_key}",
        f"Rows of run {run.run_key} that were set aside, with the rule that they broke",
    )
