"""The section ``blotter``: where it is served, and to whom."""

from typing import Annotated

from pydantic import Field

from orderworks.settings.section import Seconds, SecretReference, Section


class Blotter(Section):
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=0, le=65535)]
    token: SecretReference
    answer_seconds: Seconds
