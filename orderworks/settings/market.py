"""The section ``market``: which quotes are priced from."""

from typing import Annotated, Literal

from pydantic import Field

from orderworks.settings.section import Section, WithinADay, WithinADayOrNone


class Market(Section):
    quotes: Literal["own", "redis"]
    quote_wait_seconds: WithinADayOrNone
    stale_after_seconds: WithinADay
    adv_days: Annotated[int, Field(ge=1, le=2_520)]
