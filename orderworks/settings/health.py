"""The section ``health``: what is called sound."""

from typing import Annotated, Literal

from pydantic import Field

from orderworks.settings.section import Section

Kind = Literal["daily", "intraday", "rebalance", "reconcile", "end-of-day"]


class Health(Section):
    answer_seconds: Annotated[float, Field(ge=0.5, le=60)]
    max_open_breaks: Annotated[int, Field(ge=0)]
    alert_lag_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    unattended_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    every_session: tuple[Kind, ...]
    session_grace_seconds: Annotated[float, Field(ge=0, le=86_400)]
