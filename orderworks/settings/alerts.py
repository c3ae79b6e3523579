"""The section ``alerts``: who is told, and how."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from orderworks.model.alert import Severity
from orderworks.settings.section import Port, SecretReference, Section, WithinAMonth

BlockName = Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]


class MailServer(Section):
    host: str
    port: Port
    security: Literal["starttls", "tls", "none"]
    user: str
    password: SecretReference
    sender: str
    to: tuple[str, ...]

    @model_validator(mode="after")
    def _has_both_ends(self) -> "MailServer":
        if self.host and not (self.sender and self.to):
            raise ValueError("a mail server needs a sender and at least one address in to")
        return self


class Alerts(Section):
    minimum_severity: Severity
    period_seconds: WithinAMonth
    webhook: SecretReference
    slack: SecretReference
    email: MailServer
    blocks: tuple[BlockName, ...]

    @property
    def period(self) -> timedelta:
        return timedelta(seconds=self.period_seconds)
