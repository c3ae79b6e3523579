"""What sections of the settings are made of: their base, and values within bounds."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from orderworks.model.names import require_account, require_symbol
from orderworks.model.secret import require_reference

Percent = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Money = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=600)]
WithinADay = Annotated[float, Field(gt=0, le=86_400)]
"""Seconds of a session: what follows them in it must have a time."""
WithinADayOrNone = Annotated[float, Field(ge=0, le=86_400)]
WithinAMonth = Annotated[float, Field(ge=0, le=30 * 86_400)]
Port = Annotated[int, Field(ge=1, le=65535)]
WhatIfOrders = Annotated[int, Field(ge=0, le=1_000)]
AccountName = Annotated[str, AfterValidator(require_account)]
Symbol = Annotated[str, AfterValidator(require_symbol)]

SecretReference = Annotated[str, AfterValidator(require_reference)]
"""Where a secret is, never the secret itself."""


class Section(BaseModel):
    """A section of the settings: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
