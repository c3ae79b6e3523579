"""The section ``approval``: which rebalances wait for a person."""

from typing import Annotated

from pydantic import Field

from orderworks.settings.section import Positive, Section


class Approval(Section):
    rebalance_orders: Annotated[int, Field(ge=0)]
    rebalance_turnover_pct: Positive
    wait_minutes: Annotated[float, Field(gt=0, le=1_440)]
