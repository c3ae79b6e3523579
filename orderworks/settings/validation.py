"""The section ``validation``: how much of a handoff may be set aside."""

from typing import Annotated

from pydantic import Field

from orderworks.settings.section import Section


class Validation(Section):
    max_quarantined_pct: Annotated[float, Field(ge=0, le=100)]
