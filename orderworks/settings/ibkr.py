"""The section ``broker.ibkr``: the Gateway of Interactive Brokers."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from orderworks.model.names import require_account
from orderworks.model.quiet_hours import parse_quiet_hours
from orderworks.settings.section import Port, Seconds, Section, WhatIfOrders


class IbkrBroker(Section):
    host: str
    port: Port
    # Not 0: that client takes over what is placed by hand.
    client_id: Annotated[int, Field(ge=1, le=999)]
    account_id: str
    connect_seconds: Seconds
    ask_seconds: Seconds
    answer_seconds: Seconds
    market_data_lines: Annotated[int, Field(ge=1, le=10_000)]
    first_quote_seconds: Seconds
    history_requests: Annotated[int, Field(ge=1, le=10_000)]
    history_wait_seconds: Annotated[float, Field(ge=0, le=7_200)]
    allow_delayed_quotes: bool
    clock: Literal["wall", "gateway"]
    what_if_orders: WhatIfOrders
    what_if_per_minute: Annotated[float, Field(gt=0, le=1_000)]
    what_if_seconds: Seconds
    no_send: tuple[str, ...]

    @property
    def messages_per_second(self) -> int:
        """What IBKR permits: half as many as the account has market data lines."""
        return max(1, self.market_data_lines // 2)

    @field_validator("account_id")
    @classmethod
    def _is_empty_until_it_is_named(cls, name: str) -> str:
        return require_account(name) if name else name

    @field_validator("no_send")
    @classmethod
    def _are_times_of_the_week(cls, no_send: tuple[str, ...]) -> tuple[str, ...]:
        for text in no_send:
            parse_quiet_hours(text)
        return no_send
