"""All settings, by section, and the order in which their sources count."""

from pydantic import field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from orderworks.settings.alerts import Alerts
from orderworks.settings.approval import Approval
from orderworks.settings.blotter import Blotter
from orderworks.settings.broker import Broker
from orderworks.settings.execution import Execution
from orderworks.settings.experiments import Experiment
from orderworks.settings.health import Health
from orderworks.settings.lease import Lease
from orderworks.settings.market import Market
from orderworks.settings.places import PREFIX, settings_files
from orderworks.settings.quality import Quality
from orderworks.settings.reconciliation import Reconciliation
from orderworks.settings.risk import Risk
from orderworks.settings.router import Router
from orderworks.settings.sources import Redis, Sql
from orderworks.settings.validation import Validation


class Settings(BaseSettings):
    """Everything that can be set, by section."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    broker: Broker
    execution: Execution
    router: Router
    market: Market
    sql: Sql
    redis: Redis
    risk: Risk
    validation: Validation
    reconciliation: Reconciliation
    approval: Approval
    quality: Quality
    experiments: tuple[Experiment, ...]
    alerts: Alerts
    lease: Lease
    health: Health
    blotter: Blotter

    @field_validator("experiments")
    @classmethod
    def _names_each_once(cls, experiments: tuple[Experiment, ...]) -> tuple[Experiment, ...]:
        names = [one.name for one in experiments]
        if len(set(names)) < len(names):
            raise ValueError("two experiments have one name; give each its own")
        return experiments

    @property
    def uses_redis(self) -> bool:
        """Whether a desk needs Redis, for quotes or for telling fills."""
        return self.market.quotes == "redis" or bool(self.redis.fills)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was asked for by name, then the environment, then the files; each deep-merged."""
        files = [YamlConfigSettingsSource(settings_cls, path) for path in settings_files()]
        return (init_settings, env_settings, *files)
