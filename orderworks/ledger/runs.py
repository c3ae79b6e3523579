"""Runs and their plans, frozen when first committed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from orderworks.ledger.bulk import Columns, copy_columns, copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import NotApproved, OrderworksError, PlanConflict, RunCancelled

_FIND = (
    "SELECT run_id, account, run_key, kind, session, state, inputs_hash, message, starts_at, ends_at "
    "FROM runs WHERE account = %s AND run_key = %s"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One occasion of one account."""

    run_id: int
    account: str
    run_key: str
    kind: str
    session: date
    state: str
    inputs_hash: str | None
    message: str | None
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def is_planned(self) -> bool:
        return self.inputs_hash is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a run's planning decided, as columns of the ledger's tables.

    ``signals``, ``decisions``, ``orders`` and ``drawn`` lack only the run's id; in ``orders`` parents
    stand before their children, and entries before their exits. ``drawn`` says of the orders that an
    experiment took what they were drawn to.
    """

    inputs_hash: str
    starts_at: datetime
    ends_at: datetime
    signals: Columns
    decisions: Columns
    orders: Columns
    drawn: Columns = field(default_factory=dict)


def start_run(
    ledger: Ledger,
    account: str,
    run_key: str,
    kind: str,
    session: date,
    settings: Mapping[str, Any],
) -> Run:
    """The run of this name: a new one, or the one that was started before.

    Raises:
        PlanConflict: if the name stands for another kind of run or another session.
    """
    ledger.execute(
        "INSERT INTO runs (account, run_key, kind, session, settings) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (account, run_key) DO NOTHING",
        (account, run_key, kind, session, json.dumps(settings)),
    )
    crash_point(CrashPoint.RUN_STARTED)
    run = Run(**ledger.execute(_FIND, (account, run_key)).fetchone() or {})
    if (run.kind, run.session) != (kind, session):
        raise PlanConflict(
            f"run key '{run_key}' is the {run.kind} run of {run.session}; give this {kind} run of "
            f"{session} another one with --run-key"
        )
    return run


def find_run(ledger: Ledger, account: str, run_key: str) -> Run | None:
    """The run of this name, if there is one."""
    row = ledger.execute(_FIND, (account, run_key)).fetchone()
    return None if row is None else Run(**row)


def note_scheduler(ledger: Ledger, run: Run, scheduler_run: str) -> None:
    """Keeps by what name the scheduler knows this start of the run."""
    ledger.execute(
        "UPDATE runs SET scheduler_run = %s WHERE run_id = %s", (scheduler_run, run.run_id)
    )


def fell_back_from(ledger: Ledger, account: str, run_key: str) -> str | None:
    """The account that a run was meant for, where it fell back to this one; None for any other run."""
    row = ledger.execute(
        "SELECT settings ->> 'fallback_from' AS meant FROM runs WHERE account = %s AND run_key = %s",
        (account, run_key),
    ).fetchone()
    return None if row is None else row["meant"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """Which run of which session, and the recorded market that it replayed, if any."""

    kind: str
    run_key: str
    session: date
    market: str | None


_REPLAYED = "SELECT kind, run_key, session, settings ->> 'market' AS market FROM runs "


def latest_run(ledger: Ledger, account: str) -> Replayed | None:
    """The newest run of an account."""
    row = ledger.execute(
        _REPLAYED + "WHERE account = %s ORDER BY run_id DESC LIMIT 1", (account,)
    ).fetchone()
    return None if row is None else Replayed(**row)


def replayed_run(ledger: Ledger, account: str, run_key: str) -> Replayed | None:
    """The run of this name, if there is one."""
    row = ledger.execute(
        _REPLAYED + "WHERE account = %s AND run_key = %s", (account, run_key)
    ).fetchone()
    return None if row is None else Replayed(**row)


def unfinished_runs(ledger: Ledger, account: str) -> list[Replayed]:
    """The runs of an account's latest session that have a plan and are not done, oldest first.

    Those of earlier sessions cannot be worked any more: the next run ends what they left.
    """
    rows = ledger.execute(
        _REPLAYED + "WHERE account = %(account)s AND planned_at IS NOT NULL "
        "AND state NOT IN ('DONE', 'CANCELLED', 'PROPOSED') "
        "AND session = (SELECT max(session) FROM runs WHERE account = %(account)s) "
        "ORDER BY run_id",
        {"account": account},
    )
    return [Replayed(**row) for row in rows]


def refusals(ledger: Ledger, run_id: int) -> list[tuple[str, str]]:
    """The signals of a run that came to no order: code and reason of each."""
    return [
        (row["code"], row["reason"])
        for row in ledger.execute(
            "SELECT code, reason FROM risk_decisions WHERE run_id = %s AND NOT accepted "
            "ORDER BY code, symbol, strategy",
            (run_id,),
        )
    ]


def run_key_of(ledger: Ledger, run_id: int) -> str:
    """The key of a run that the ledger has."""
    row = ledger.execute("SELECT run_key FROM runs WHERE run_id = %s", (run_id,)).fetchone()
    if row is None:
        raise LookupError(f"no run {run_id}")
    return str(row["run_key"])


def why_stopped(run_key: str, state: str, reason: str | None) -> OrderworksError | None:
    """Why nothing of a run is sent: it was cancelled, or waits to be approved; None where it may be."""
    if state == "PROPOSED":
        return NotApproved(
            f"run '{run_key}' waits to be approved: nothing of it is sent before 'orderworks approve'"
        )
    if state == "CANCELLED":
        return RunCancelled(
            f"run '{run_key}' was cancelled ({reason}): nothing of it is sent any more; pass another "
            "--run-key to trade the rest anew"
        )
    return None


def require_same_inputs(run: Run, inputs_hash: str) -> None:
    """A planned run is gone on with only for the inputs that it was planned from.

    Raises:
        PlanConflict: if the inputs differ.
    """
    if run.inputs_hash != inputs_hash:
        raise PlanConflict(
            f"run '{run.run_key}' of account {run.account} was planned from other inputs "
            f"({(run.inputs_hash or '')[:12]}, now {inputs_hash[:12]}) and its plan is not "
            "replaced; pass the inputs of then, or another --run-key for a new run"
        )


def freeze_plan(ledger: Ledger, run: Run, plan: Plan, *, proposed: bool = False) -> None:
    """Commits the whole plan in one transaction; from then on the run has exactly this plan.

    Args:
        proposed: whether a person must approve it before any of it is sent.

    Raises:
        PlanConflict: if the run was planned meanwhile, from whatever inputs.
        RunCancelled: if it was cancelled meanwhile.
    """
    crash_point(CrashPoint.PLAN_BEFORE_FREEZE)
    with ledger.transaction():
        frozen = ledger.execute(
            "UPDATE runs SET state = %s, inputs_hash = %s, starts_at = %s, ends_at = %s, "
            "planned_at = clock_timestamp() WHERE run_id = %s AND planned_at IS NULL "
            "AND state <> 'CANCELLED' RETURNING 1",
            (
                "PROPOSED" if proposed else "PLANNED",
                *(plan.inputs_hash, plan.starts_at, plan.ends_at, run.run_id),
            ),
        ).fetchone()
        if frozen is None:
            current = find_run(ledger, run.account, run.run_key) or run
            raise why_stopped(current.run_key, current.state, current.message) or PlanConflict(
                f"run '{run.run_key}' was planned by another process meanwhile; start it again "
                "and it goes on with that plan"
            )
        for table, columns in (
            ("signals", plan.signals),
            ("risk_decisions", plan.decisions),
            ("orders", plan.orders),
            ("experiment_orders", plan.drawn),
        ):
            count = len(next(iter(columns.values()), ()))
            if count:
                copy_columns(ledger, table, {"run_id": [run.run_id] * count, **columns})
    crash_point(CrashPoint.PLAN_FROZEN)


def quarantine(
    ledger: Ledger, run: Run, rows: Iterable[tuple[str, object, str, Mapping[str, object]]]
) -> None:
    """Keeps the rows that a handoff refused: (handoff, row, rule, content)."""
    with ledger.transaction():
        copy_rows(
            ledger,
            "quarantined_rows",
            ("run_id", "handoff", "row", "rule", "content"),
            (
                (run.run_id, handoff, str(row), rule, json.dumps(content, default=str))
                for handoff, row, rule, content in rows
            ),
        )


def finish_run(ledger: Ledger, run: Run, state: str, message: str) -> None:
    """Records how the run ended: DONE, FAILED or SKIPPED, and in a sentence why.

    One that waits to be approved goes on waiting.

    A run with a plan that is DONE stays so, and one that was cancelled: a retry that fails later has
    changed nothing of it. One without a plan, as a reconciliation, tells of its latest time.
    """
    crash_point(CrashPoint.RUN_BEFORE_DONE)
    ledger.execute(
        "UPDATE runs SET state = %s, message = %s, finished_at = clock_timestamp() "
        "WHERE run_id = %s AND state NOT IN ('CANCELLED', 'PROPOSED') "
        "AND (state <> 'DONE' OR planned_at IS NULL)",
        (state, message, run.run_id),
    )
    crash_point(CrashPoint.RUN_DONE)
