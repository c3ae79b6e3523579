"""Settings: ``config/settings.yaml``, overridden from the environment, checked before anything runs.

Precedence: the environment (``ORDERWORKS_SECTION__KEY``), then the file that ``ORDERWORKS_CONFIG``
names, then the defaults of ``config/settings.yaml``.
"""

import os
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import platformdirs
import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from pydantic_settings import (
    SettingsError as SettingsSourceError,
)

from orderworks.model.alert import Severity
from orderworks.model.errors import SettingsError
from orderworks.model.loopback import loopback_port
from orderworks.model.quiet_hours import parse_quiet_hours
from orderworks.model.reference import require_address
from orderworks.model.secret import require_reference

PREFIX = "ORDERWORKS_"
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

REGULATION_T = 2.0
"""A margin account opens a position with half of what it is worth."""

Percent = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
VolumeLimit = Annotated[Decimal, Field(gt=0, le=100)]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000)]
Money = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=600)]
WhatIfOrders = Annotated[int, Field(ge=0, le=1_000)]
Symbols = frozenset[str]
BlockName = Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]
SecretReference = Annotated[str, AfterValidator(require_reference)]
"""Where a secret is, never the secret itself."""
Address = Annotated[str, AfterValidator(require_address)]
"""Where an address is, which may hold a password; never the address itself."""
RouterRule = Literal["URGENT", "WIDE_SPREAD", "LARGE", "LARGE_PASSIVE", "SMALL", "MEDIUM"]
RouterAlgo = Literal["twap", "vwap", "pov", "is", "ibkr_twap", "ibkr_vwap", "ibkr_adaptive"]
Kind = Literal["daily", "intraday", "rebalance", "reconcile", "end-of-day"]


class Section(BaseModel):
    """A section of the settings: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FixedBasisPointsSlippage(Section):
    basis_points: NotNegative
    volume_limit_pct: VolumeLimit


class VolumeShareSlippage(Section):
    price_impact: NotNegative
    volume_limit_pct: VolumeLimit


class SquareRootSlippage(Section):
    coefficient: NotNegative


class Slippage(Section):
    """The model that is chosen, and the parameters of each."""

    model: Literal["none", "fixed_basis_points", "volume_share", "square_root"]
    fixed_basis_points: FixedBasisPointsSlippage
    volume_share: VolumeShareSlippage
    square_root: SquareRootSlippage


class Latency(Section):
    submit_ms: Milliseconds
    ack_ms: Milliseconds
    fill_ms: Milliseconds
    cancel_ms: Milliseconds
    jitter_ms: Milliseconds


class SimulatedBroker(Section):
    account: str = Field(min_length=1)
    account_type: Literal["margin", "cash"]
    cash: Money
    participation_cap_pct: Annotated[float, Field(gt=0, le=100)]
    commission: Literal["fixed", "tiered"]
    allow_short: bool
    price_bands: bool
    what_if_orders: WhatIfOrders
    slippage: Slippage
    latency: Latency
    seed: int
    server: str

    @property
    def can_short(self) -> bool:
        """Whether more may be sold than is held: never from a cash account."""
        return self.allow_short and self.account_type == "margin"

    @field_validator("server")
    @classmethod
    def _listens_here(cls, server: str) -> str:
        if server:
            loopback_port(server)
        return server


class PaperStubBroker(Section):
    account: str = Field(min_length=1)
    seed: int
    slippage_bps: Annotated[float, Field(ge=0, le=100)]


class IbkrBroker(Section):
    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    # Not 0: that client takes over what is placed by hand.
    client_id: Annotated[int, Field(ge=1, le=999)]
    account_id: str
    connect_seconds: Seconds
    ask_seconds: Seconds
    answer_seconds: Seconds
    market_data_lines: Annotated[int, Field(ge=1, le=10_000)]
    first_quote_seconds: Seconds
    history_requests: Annotated[int, Field(ge=1, le=10_000)]
    history_wait_seconds: Annotated[float, Field(ge=0, le=7_200)]
    allow_delayed_quotes: bool
    clock: Literal["wall", "gateway"]
    what_if_orders: WhatIfOrders
    what_if_per_minute: Annotated[float, Field(gt=0, le=1_000)]
    what_if_seconds: Seconds
    no_send: tuple[str, ...]

    @property
    def messages_per_second(self) -> int:
        """What IBKR permits: half as many as the account has market data lines."""
        return max(1, self.market_data_lines // 2)

    @field_validator("no_send")
    @classmethod
    def _are_times_of_the_week(cls, no_send: tuple[str, ...]) -> tuple[str, ...]:
        for text in no_send:
            parse_quiet_hours(text)
        return no_send


class Broker(Section):
    provider: Literal["simulated", "ibkr", "paper_stub"]
    paper_trading: bool
    fallback: Literal["none", "paper_stub"]
    fallback_market: str
    messages_per_second: Annotated[int, Field(ge=0, le=100_000)]
    patience_seconds: Annotated[float, Field(ge=0, le=86_400)]
    simulated: SimulatedBroker
    paper_stub: PaperStubBroker
    ibkr: IbkrBroker

    @property
    def account(self) -> str:
        """The account that the chosen provider trades."""
        match self.provider:
            case "simulated":
                return self.simulated.account
            case "paper_stub":
                return self.paper_stub.account
            case "ibkr":
                return self.ibkr.account_id

    @property
    def mode(self) -> Literal["paper", "live"]:
        """Which kind of account is meant, where the broker has both."""
        return "paper" if self.paper_trading else "live"

    @property
    def what_if_orders(self) -> int:
        """Of how many orders of a run the broker is asked what they would do to the margin."""
        match self.provider:
            case "simulated":
                return self.simulated.what_if_orders
            case "paper_stub":
                return 0
            case "ibkr":
                return self.ibkr.what_if_orders

    @property
    def allows_short(self) -> bool:
        """Whether the account may sell short, as far as settings decide it."""
        return self.provider != "simulated" or self.simulated.can_short

    @property
    def leverage(self) -> float:
        """What may be held for each unit of equity when it is opened."""
        is_cash = self.provider == "simulated" and self.simulated.account_type == "cash"
        return 1.0 if is_cash else REGULATION_T


class Execution(Section):
    default_order_type: Literal["limit", "market"]
    limit_offset_pct: Annotated[float, Field(ge=0, lt=100)]
    max_slippage_pct: Annotated[float, Field(ge=0, lt=100)]
    position_sizing: Literal["half_kelly", "fixed", "percent_equity"]
    fixed_notional: Money
    percent_equity: Percent
    max_position_pct: Percent
    gross_cap_pct: Percent
    stop_loss_pct: Annotated[float, Field(gt=0, lt=100)]
    protect_entries: bool
    signal_meaning: Literal["target", "order"]
    residual: Literal["sweep", "carry", "cancel"]
    sweep_seconds: Positive
    remainder: Literal["keep", "reprice", "cancel", "sweep"]
    reprice_seconds: Positive
    pov_participation_pct: Annotated[float, Field(gt=0, le=100)]
    missed_wave: Literal["catch_up", "shrink", "skip"]
    catch_up_participation_pct: Annotated[float, Field(gt=0, le=100)]
    is_risk_aversion: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    start_after_open_seconds: Annotated[float, Field(ge=0)]
    late_after_seconds: Annotated[float, Field(ge=0, le=86_400)]
    rest_overnight: bool


class NativeAlgos(Section):
    vwap_max_volume_pct: Annotated[Decimal, Field(ge=1, le=50)]
    vwap_takes_liquidity: bool
    adaptive_priority: Literal["urgent", "normal", "patient"]


class Router(Section):
    size_threshold_small_pct: Percent
    size_threshold_large_pct: Percent
    twap_num_slices: Annotated[int, Field(ge=1, le=1000)]
    twap_interval_seconds: Positive
    slice_style: Literal["cross", "passive"]
    large_algo: RouterAlgo
    native: NativeAlgos
    wide_spread_threshold_bps: Percent
    urgent_strength: Annotated[float, Field(ge=0, le=1)]


class Sql(Section):
    url: Address


class Redis(Section):
    url: Address
    quotes: Annotated[str, Field(pattern=r"^[^{}]*\{symbol\}[^{}]*$")]
    fills: str


class Market(Section):
    quotes: Literal["own", "redis"]
    quote_wait_seconds: Annotated[float, Field(ge=0)]
    stale_after_seconds: Positive
    adv_days: Annotated[int, Field(ge=1)]


class Risk(Section):
    max_price_deviation_pct: Percent
    max_order_quantity: Annotated[int, Field(ge=1)]
    max_order_notional: Annotated[float, Field(gt=0)]
    max_position_pct: Percent
    max_gross_exposure_pct: Percent
    max_net_exposure_pct: Percent
    max_orders_per_day: Annotated[int, Field(ge=0)]
    max_turnover_per_day_pct: Percent
    max_daily_loss_pct: Percent
    max_drawdown_pct: Percent
    max_adv_participation_pct: Percent
    max_day_trades: Annotated[int, Field(ge=0)]
    day_trade_free_equity: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    unknown_margin: Literal["refuse_live", "refuse", "pass"]
    restricted: Symbols
    not_shortable: Symbols


class Validation(Section):
    max_quarantined_pct: Annotated[float, Field(ge=0, le=100)]


class Reconciliation(Section):
    lock: Literal["symbol", "account"]
    cash_lock: Money


class Approval(Section):
    rebalance_orders: Annotated[int, Field(ge=0)]
    rebalance_turnover_pct: Positive
    wait_minutes: Positive


class QualityThreshold(Section):
    """What is stated differently for a route or a symbol; what is not stated is as for all."""

    slippage_bps: Positive | None = None
    latency_ms: Positive | None = None


class QualityThresholds(Section):
    by_route: dict[str, QualityThreshold]
    by_symbol: dict[str, QualityThreshold]


class Outliers(Section):
    deviations: Positive
    days: Annotated[int, Field(ge=1, le=3_650)]
    minimum_orders: Annotated[int, Field(ge=2)]


class Quality(Section):
    alert_slippage_bps: Positive
    alert_latency_ms: Positive
    thresholds: QualityThresholds
    outliers: Outliers
    market_symbol: str
    alert_order_efficiency: Positive


class Experiment(Section):
    """Two routes or two algorithms that are compared: ``orderworks.planning.experiments``."""

    name: Annotated[str, Field(pattern=r"^[\w][\w .-]{0,59}$")]
    kind: Literal["route", "algo"]
    control: RouterRule | RouterAlgo
    treatment: RouterRule | RouterAlgo
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    seed: int
    starts: date | None = None
    ends: date | None = None
    strategies: frozenset[str] = frozenset()
    symbols: Symbols = frozenset()

    @model_validator(mode="after")
    def _compares_two_of_a_kind(self) -> "Experiment":
        known = get_args(RouterRule if self.kind == "route" else RouterAlgo)
        for alternative in (self.control, self.treatment):
            if alternative not in known:
                raise ValueError(
                    f"{alternative} is no {self.kind}; control and treatment are two of "
                    f"{', '.join(known)}"
                )
        if self.control == self.treatment:
            raise ValueError("control and treatment are the same; name two that differ")
        if self.starts is not None and self.ends is not None and self.ends < self.starts:
            raise ValueError(f"it ends on {self.ends}, before it starts; exchange starts and ends")
        return self


class MailServer(Section):
    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
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
    period_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    webhook: SecretReference
    slack: SecretReference
    email: MailServer
    blocks: tuple[BlockName, ...]

    @property
    def period(self) -> timedelta:
        return timedelta(seconds=self.period_seconds)


class Health(Section):
    answer_seconds: Annotated[float, Field(ge=0.5, le=60)]
    max_open_breaks: Annotated[int, Field(ge=0)]
    alert_lag_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    unattended_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    every_session: tuple[Kind, ...]
    session_grace_seconds: Annotated[float, Field(ge=0, le=86_400)]


class Blotter(Section):
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=0, le=65535)]
    token: SecretReference
    answer_seconds: Seconds


class Lease(Section):
    ttl_seconds: Annotated[float, Field(ge=1)]


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


def home_directory() -> Path:
    """Where the embedded database, Prefect's local state, reports and logs live."""
    named = os.environ.get(PREFIX + "HOME")
    return (
        Path(named).expanduser().absolute() if named else platformdirs.user_data_path("orderworks")
    )


def settings_files() -> list[Path]:
    """The settings files in force, the strongest first.

    Raises:
        SettingsError: if the file that ``ORDERWORKS_CONFIG`` names cannot be read.
    """
    defaults = Path(__file__).resolve().parents[1] / "config" / "settings.yaml"
    named = os.environ.get(PREFIX + "CONFIG")
    if not named:
        return [defaults]
    own = Path(named).expanduser()
    if not own.is_file():
        raise SettingsError(
            f"ORDERWORKS_CONFIG names {own}, which is no file; correct it or unset it"
        )
    return [own, defaults]


def load_settings(**overrides: Any) -> Settings:
    """The settings in force.

    Args:
        overrides: nested values, by section, that win over everything: a command line option.

    Raises:
        SettingsError: naming the key that is unknown, out of range or not permitted.
    """
    _refuse_unknown_variables()
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            sentence = f"setting '{key}' is unknown; config/settings.yaml lists every key"
        else:
            ours, _, said = first["msg"].partition("Value error, ")
            why = said or ours.lower()
            # What was written where only the place of a secret belongs may be the secret.
            value = "what it is" if key in SECRETS | ADDRESSES else repr(first["input"])
            sentence = f"setting '{key}' cannot be {value}: {why}"
        raise SettingsError(sentence) from None
    except (SettingsSourceError, yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
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
