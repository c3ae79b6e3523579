"""The section ``market``: which quotes are priced from."""

from typing import Annotated, Literal

from pydantic import Field

from orderworks.settings.section import Positive, Section


class Market(Section):
    quotes: Literal["own", "redis"]
    quote_wait_seconds: Annotated[float, Field(ge=0)]
    stale_after_seconds: Positive
    adv_days: Annotated[int, Field(ge=1)]
