"""The section ``lease``: how long a worker that is silent keeps its account."""

from typing import Annotated

from pydantic import Field

from orderworks.settings.section import Section


class Lease(Section):
    ttl_seconds: Annotated[float, Field(ge=1, le=86_400)]
