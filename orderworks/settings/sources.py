"""The sections ``sql`` and ``redis``: where signals, quotes and fills come from and go to."""

from typing import Annotated

from pydantic import AfterValidator, Field

from orderworks.model.reference import require_address
from orderworks.settings.section import Section

Address = Annotated[str, AfterValidator(require_address)]
"""Where an address is, which may hold a password; never the address itself."""


class Sql(Section):
    url: Address


class Redis(Section):
    url: Address
    quotes: Annotated[str, Field(pattern=r"^[^{}]*\{symbol\}[^{}]*$")]
    fills: str
