"""The section ``health``: what is called sound."""

from typing import Annotated, Literal

from pydantic import Field

from orderworks.settings.section import Section, WithinADayOrNone, WithinAMonth

Kind = Literal["daily", "intraday", "rebalance", "reconcile", "end-of-day"]


class Health(Section):
    answer_seconds: Annotated[float, Field(ge=0.5, le=60)]
    max_open_breaks: Annotated[int, Field(ge=0)]
    alert_lag_seconds: WithinAMonth
    unattended_seconds: WithinAMonth
    every_session: tuple[Kind, ...]
    session_grace_seconds: WithinADayOrNone
