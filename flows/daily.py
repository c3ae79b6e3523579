"""The daily run: a table of signals becomes measured fills."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from pandas import DataFrame
from prefect.client.schemas import State

from flows.approving import decided
from flows.declaring import declared
from flows.framing import OVER, Framed, framed
from flows.inputs import signals_from
from flows.naming import name_run
from flows.parameters import Broker, Market, RunKey, Session, Signals
from orderworks.desk.desk import Desk
from orderworks.desk.inputs import Inputs
from orderworks.desk.plan import fingerprint
from orderworks.desk.timing import after_the_open, known_at
from orderworks.desk.waves import waves
from orderworks.handoffs.table_file import TableFile
from orderworks.ledger.controls import refuse_while_killed
from orderworks.ledger.runs import Run, find_run, require_same_inputs
from tasks.check_executions import check_executions
from tasks.commit_plan import commit_plan
from tasks.gate_orders import gate_orders
from tasks.measure_quality import measure_quality
from tasks.pull_signals import pull_signals
from tasks.reconcile_books import reconcile_books
from tasks.route_orders import route_orders
from tasks.schedule_orders import schedule_orders
from tasks.show_plan import show_plan
from tasks.show_progress import ProgressBar
from tasks.size_orders import size_orders
from tasks.work_wave import work_wave

Pull = Callable[[Desk, Run, TableFile], Awaitable[DataFrame]]


@declared("daily-execution", sends=True)
async def daily_execution(
    signals: Signals = None,
    session: Session = None,
    market: Market = None,
    run_key: RunKey = None,
    broker: Broker = None,
) -> State:
    """Trades a session's signals, from the open on.

    Args:
        session: the trading day; today in New York if not given.
        signals: a CSV or Parquet file, a `.sql` file whose query is asked, or `redis:STREAM`.
        market: a directory of recorded quotes to replay.
        run_key: the run's name; `daily:SESSION` if not given. The same name never trades twice.
        broker: simulated, ibkr or paper_stub; as set if not given.
    """
    source = await signals_from(signals)
    async with framed("daily", session, run_key, market, broker, inputs=source) as frame:
        if frame.desk is not None:
            await trade(frame, source, pull_signals, after_the_open(frame.desk))
    return frame.state


async def trade(frame: Framed, source: Inputs | None, pull: Pull, begins_at: datetime) -> None:
    """Pull, size, gate, route, schedule; then work the waves, reconcile, measure."""
    desk, run = frame.entered
    refuse_while_killed(desk.ledger, desk.account)
    if not run.is_planned:
        await desk.clock.sleep_until(begins_at)
        async with desk.planning_turn():
            run = await plan(desk, run, frame.needed(source), pull)
    await name_run(run, await show_plan(desk, run))
    if run.state == "PROPOSED":
        run = await decided(desk, run)
    if run.state in OVER:
        frame.skip_over(run)
        return

    progress = ProgressBar()
    async for wave in waves(desk, run):
        await work_wave(desk, wave)
        await progress.move(desk, run)

    await check_executions(desk, run)
    await reconcile_books(desk, run)
    await measure_quality(desk, run)
    frame.summarise()


async def plan(desk: Desk, run: Run, source: Inputs, pull: Pull) -> Run:
    """The run with its plan frozen; another process may have done that while we waited our turn."""
    run = find_run(desk.ledger, run.account, run.run_key) or run
    if run.is_planned:
        if source.fixed is not None:
            require_same_inputs(run, fingerprint(run.kind, run.session, source.fixed.frame))
        return run
    file = await source.read(desk, run)
    inputs_hash = fingerprint(run.kind, run.session, file.frame)
    signals = await pull(desk, run, file)
    await desk.clock.sleep_until(known_at(desk, signals))
    sized = await size_orders(desk, run, signals)
    gated = await gate_orders(desk, run, sized.orders)
    routed = await route_orders(desk, run, gated.accepted)
    planned = await schedule_orders(desk, run, inputs_hash, signals, sized, gated, routed)
    return await commit_plan(desk, run, planned)
