"""The section ``broker.simulated``: the exchange that replays recorded quotes."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator

from orderworks.model.loopback import loopback_port
from orderworks.settings.section import AccountName, Section, WhatIfOrders

NotNegative = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
VolumeLimit = Annotated[Decimal, Field(gt=0, le=100)]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000)]


class FixedBasisPointsSlippage(Section):
    basis_points: NotNegative
    volume_limit_pct: VolumeLimit


class VolumeShareSlippage(Section):
    price_impact: NotNegative
    volume_limit_pct: VolumeLimit


class SquareRootSlippage(Section):
    coefficient: NotNegative


class Slippage(Section):
    """The model that is chosen, and the parameters of each."""

    model: Literal["none", "fixed_basis_points", "volume_share", "square_root"]
    fixed_basis_points: FixedBasisPointsSlippage
    volume_share: VolumeShareSlippage
    square_root: SquareRootSlippage


class Latency(Section):
    submit_ms: Milliseconds
    ack_ms: Milliseconds
    fill_ms: Milliseconds
    cancel_ms: Milliseconds
    jitter_ms: Milliseconds


class SimulatedBroker(Section):
    account: AccountName
    account_type: Literal["margin", "cash"]
    # Above it cents are not exact wherever it is worked with as a float.
    cash: Annotated[Decimal, Field(ge=0, le=1_000_000_000_000)]
    participation_cap_pct: Annotated[float, Field(gt=0, le=100)]
    commission: Literal["fixed", "tiered"]
    allow_short: bool
    price_bands: bool
    what_if_orders: WhatIfOrders
    slippage: Slippage
    latency: Latency
    seed: int
    server: str

    @property
    def can_short(self) -> bool:
        """Whether more may be sold than is held: never from a cash account."""
        return self.allow_short and self.account_type == "margin"

    @field_validator("server")
    @classmethod
    def _listens_here(cls, server: str) -> str:
        if server:
            loopback_port(server)
        return server
