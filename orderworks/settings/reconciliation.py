"""The section ``reconciliation``: what a difference locks."""

from typing import Literal

from orderworks.settings.section import Money, Section


class Reconciliation(Section):
    lock: Literal["symbol", "account"]
    cash_lock: Money
