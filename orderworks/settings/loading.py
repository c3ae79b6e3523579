"""The settings in force, checked before anything runs: a wrong one is told with its key."""

import os
import re
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_settings import SettingsError as SettingsSourceError

from orderworks.model.errors import SettingsError
from orderworks.settings.broker import Broker
from orderworks.settings.places import PREFIX, settings_files
from orderworks.settings.whole import Settings

NOT_SETTINGS = frozenset(
    {
        *("HOME", "CONFIG", "DATABASE_URL", "ALLOW_LIVE", "SAMPLE_MARKET", "CRASH_AT"),
        *("WEBHOOK_URL", "SLACK_WEBHOOK_URL", "SMTP_PASSWORD", "SQL_URL", "REDIS_URL"),
        "BLOTTER_TOKEN",
    }
)
"""Environment names that are read elsewhere and are no keys of the settings file."""

SECRETS = frozenset({"alerts.webhook", "alerts.slack", "alerts.email.password", "blotter.token"})
"""Keys that say where a secret is."""
ADDRESSES = frozenset({"sql.url", "redis.url"})
"""Keys that say where an address is, which may hold a password."""


def load_settings(**overrides: Any) -> Settings:
    """The settings in force.

    Args:
        overrides: nested values, by section, that win over everything: a command line option.

    Raises:
        SettingsError: naming the key that is unknown, out of range or not permitted.
    """
    _refuse_unknown_variables()
    try:
        _refuse_other_files()
        settings = Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        # Where a key is what is wrong, it stands there already.
        key = ".".join(str(part) for part in first["loc"] if part != "[key]")
        if first["type"] == "extra_forbidden":
            sentence = f"setting '{key}' is unknown; config/settings.yaml lists every key"
        else:
            ours, _, said = first["msg"].partition("Value error, ")
            why = said or ours.lower()
            # What was written where only the place of a secret belongs may be the secret.
            value = "what it is" if key in SECRETS | ADDRESSES else repr(first["input"])
            sentence = f"setting '{key}' cannot be {value}: {why}"
        raise SettingsError(sentence) from None
    except SettingsSourceError as error:
        raise SettingsError(_unreadable_variable(str(error))) from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        files = " or ".join(str(path) for path in settings_files())
        raise SettingsError(f"the settings in {files} cannot be read: {error}") from None
    _refuse_what_is_not_permitted(settings.broker)
    _refuse_other_quotes_than_the_exchanges(settings)
    return settings


def _refuse_what_is_not_permitted(broker: Broker) -> None:
    if not broker.paper_trading and os.environ.get(PREFIX + "ALLOW_LIVE") != "yes":
        raise SettingsError(
            "setting 'broker.paper_trading' is false, which is live trading; set "
            f"{PREFIX}ALLOW_LIVE=yes in the environment if you mean it, or set it to true"
        )
    for name, is_for_tests in (
        ("allow_delayed_quotes", broker.ibkr.allow_delayed_quotes),
        ("clock", broker.ibkr.clock == "gateway"),
    ):
        if is_for_tests and not broker.paper_trading:
            raise SettingsError(
                f"setting 'broker.ibkr.{name}' cannot be {getattr(broker.ibkr, name)} in live trading; "
                "leave it at its default"
            )
    if broker.fallback != "none" and not broker.paper_trading:
        raise SettingsError(
            f"setting 'broker.fallback' cannot be '{broker.fallback}' in live trading, where a gateway "
            "that cannot be reached must stop the run; set it to none"
        )


def _refuse_other_quotes_than_the_exchanges(settings: Settings) -> None:
    if settings.market.quotes == "redis" and settings.broker.provider == "simulated":
        raise SettingsError(
            "setting 'market.quotes' cannot be redis with the simulated exchange, which matches against "
            "recorded quotes; set it to own, or broker.provider to paper_stub or ibkr"
        )


def _unreadable_variable(said: str) -> str:
    """What is told of a list or a mapping in the environment; ``said`` names its section only.

    The values are not repeated: they are whatever somebody exported.
    """
    found = re.search(r'field "(\w+)"', said)
    start = f"{PREFIX}{found[1].upper()}__" if found else PREFIX
    names = sorted(name for name in os.environ if name.upper().startswith(start))
    return (
        f"what {' or '.join(names)} is set to in the environment cannot be read; "
        'write a list as JSON: ["AIG"], and keys with values likewise: {"AIG": 5}'
    )


def _refuse_other_files() -> None:
    """A file of one's own has sections, by their names; an empty one has none yet."""
    *own, _ = settings_files()
    for path in own:
        with path.open(encoding="utf-8") as file:
            held = yaml.safe_load(file)
        if held is not None and not isinstance(held, dict):
            raise SettingsError(
                f"the settings in {path} are {_kind(held)}; write sections with their keys below them, as "
                "config/settings.yaml does"
            )
        for key in held or ():
            if not isinstance(key, str):
                raise SettingsError(
                    f"the settings in {path} have a section {key}, which is no text; "
                    "config/settings.yaml lists every key"
                )


def _kind(held: object) -> str:
    return "a list" if isinstance(held, list) else "a single value"


def _refuse_unknown_variables() -> None:
    """A misspelt section in the environment would be passed over in silence; a key would not."""
    for name in os.environ:
        if not name.startswith(PREFIX) or name[len(PREFIX) :] in NOT_SETTINGS:
            continue
        section, _, key = name[len(PREFIX) :].lower().partition("__")
        if section not in Settings.model_fields or not key:
            raise SettingsError(
                f"environment variable {name} names no setting; write {PREFIX}SECTION__KEY, "
                "with a section and a key of config/settings.yaml"
            )
