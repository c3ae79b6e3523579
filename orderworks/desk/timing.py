"""When a run works: its start and its horizon."""

from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.missed import MissedPolicy
from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.runs import Run
from orderworks.model.errors import InputError
from orderworks.model.order import TimeInForce
from orderworks.planning.scheduling import Horizon, horizon, own_horizon


def known_at(desk: Desk, signals: pd.DataFrame) -> datetime:
    """When the last of the signals is known: nothing may be traded on it before.

    Raises:
        InputError: if a signal is only known when the session is over.
    """
    known: datetime = signals["ts"].max().to_pydatetime()
    if known >= desk.session.close:
        row = signals["row"].iloc[int(signals["ts"].argmax())]
        raise InputError(
            f"signals: row {row} is of {known:%Y-%m-%d %H:%M:%S} UTC, after the session of "
            f"{desk.session.date} closed ({desk.session.close:%H:%M} UTC); correct its ts or --session"
        )
    return known


def after_the_open(desk: Desk) -> datetime:
    """When a daily run may begin."""
    return desk.session.open + timedelta(seconds=desk.settings.execution.start_after_open_seconds)


def too_late(desk: Desk) -> str | None:
    """Why nothing can be worked in this session any more; None while there is time for a slice."""
    if _horizon(desk) is not None:
        return None
    return (
        f"it is {desk.clock.now():%H:%M:%S} UTC and the session of {desk.session.date} closes at "
        f"{desk.session.close:%H:%M}: no time is left for a slice, so nothing is sent"
    )


def tell_late(desk: Desk, run: Run, why: str) -> None:
    """Alerts of a run that came too late to trade."""
    alert = Alert(
        kind="run_late",
        cause=f"run_late:{run.run_key}",
        message=f"run '{run.run_key}' came too late: {why}",
        at=desk.clock.now(),
        payload={"run_key": run.run_key, "session": str(run.session)},
    )
    raise_alerts(desk.ledger, desk.account, [alert])


def horizon_of(desk: Desk) -> Horizon:
    """The time in which the run's parents are worked, from now; shorter near the close.

    Raises:
        InputError: if it is too late.
    """
    window = _horizon(desk)
    if window is None:
        raise InputError(too_late(desk) or "")
    return window


def require_workable(desk: Desk, routed: pd.DataFrame, window: Horizon) -> None:
    """Where a signal states its own start or end, or an auction, that must lie before it.

    Raises:
        InputError: naming the first row that does not.
    """
    if {"start", "end"} & set(routed.columns):
        _require_own_horizons(desk, routed, window)
    opening = routed.loc[routed["tif"] == TimeInForce.OPG, "row"]
    if len(opening) and window.start > desk.session.open:
        raise InputError(
            f"signals: row {opening.iloc[0]} is for the opening auction of "
            f"{desk.session.open:%H:%M:%S} UTC, which is over at {window.start:%H:%M:%S}; give it "
            "another tif, or let the run begin at the open (execution.start_after_open_seconds: 0)"
        )


def _require_own_horizons(desk: Desk, routed: pd.DataFrame, window: Horizon) -> None:
    for place, row in enumerate(routed["row"].tolist()):
        own = own_horizon(routed, place, window)
        if not max(own.start, window.start) < own.end <= desk.session.close:
            raise InputError(
                f"signals: row {row} is to be worked from {own.start:%H:%M:%S} to {own.end:%H:%M:%S} "
                f"UTC, which is no time within the rest of the session, from {window.start:%H:%M:%S} "
                f"to {desk.session.close:%H:%M:%S}; correct its start and end"
            )


def _horizon(desk: Desk) -> Horizon | None:
    router = desk.settings.router
    interval = timedelta(seconds=router.twap_interval_seconds)
    window = horizon(desk.clock.now(), desk.session.close, router.twap_num_slices, interval)
    # A run that starts late treats the slices that it missed as a wave does.
    spreads = MissedPolicy(desk.settings.execution.missed_wave) is MissedPolicy.SHRINK
    return window if window is None or spreads else replace(window, since=desk.session.open)
