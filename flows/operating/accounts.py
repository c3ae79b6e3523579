"""Which account a set of deployments trades, and the variables that make a run trade it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orderworks.model.errors import InputError, SettingsError
from orderworks.settings import PREFIX, Settings, load_settings

ACCOUNT_KEYS = {
    "simulated": "broker.simulated.account",
    "paper_stub": "broker.paper_stub.account",
    "ibkr": "broker.ibkr.account_id",
}
"""The setting that names each broker's account."""


@dataclass(frozen=True, slots=True)
class Trading:
    """An account at a broker, and the settings in which it differs from the worker's."""

    account: str
    broker: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its runs, whatever the worker's own settings are."""
        named = {"broker.provider": self.broker, ACCOUNT_KEYS[self.broker]: self.account}
        return {_variable(key): value for key, value in {**self.settings, **named}.items()}


def configured() -> Trading:
    """The account of the settings in force.

    Raises:
        SettingsError: if they name none.
    """
    return _checked(load_settings(), {})


def another(account: str, broker: str | None, given: list[str]) -> Trading:
    """An account beside the configured one.

    Args:
        given: settings of its own, each as ``broker.ibkr.port=4003``.

    Raises:
        InputError: if one of them is no setting, or has a value that it cannot have.
    """
    changed = dict(_pair(text) for text in given)
    provider = broker or load_settings().broker.provider
    if provider not in ACCOUNT_KEYS:
        raise InputError(f"there is no broker '{provider}'; known are {', '.join(ACCOUNT_KEYS)}")
    named = {"broker.provider": provider, ACCOUNT_KEYS[provider]: account}
    return _checked(load_settings(**_nested({**changed, **named})), changed)


def _checked(settings: Settings, changed: Mapping[str, str]) -> Trading:
    broker = settings.broker
    if not broker.account:
        raise SettingsError(
            f"setting '{ACCOUNT_KEYS[broker.provider]}' is empty; name the account that is to be traded"
        )
    return Trading(broker.account, broker.provider, changed)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or "." not in key:
        raise InputError(f"--set takes KEY=VALUE such as broker.ibkr.port=4003, not '{text}'")
    return key.strip(), value.strip()


def _nested(flat: Mapping[str, str]) -> dict[str, Any]:
    """``{'a.b': 1}`` as ``{'a': {'b': 1}}``."""
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        *sections, name = key.split(".")
        at = nested
        for section in sections:
            at = at.setdefault(section, {})
        at[name] = value
    return nested


def _variable(key: str) -> str:
    return PREFIX + key.upper().replace(".", "__")
