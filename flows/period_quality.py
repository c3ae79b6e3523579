"""What a week and a month of trading cost: summed up from what every end of a day measured."""

from prefect.client.schemas import State
from prefect.states import Completed

from flows.declaring import declared
from flows.naming import name_flow_run
from flows.parameters import Broker, Day
from orderworks.model.clock import WallClock
from orderworks.quality.periods import Period, PeriodKind, latest_over
from orderworks.settings import load_settings
from tasks.sum_up_period import sum_up_period


@declared("weekly-quality", sends=False)
async def weekly_quality(day: Day = None, broker: Broker = None) -> State:
    """Sums up the execution quality of a week, from Monday to Sunday.

    Args:
        day: any day of it; the last week that is over, if not given.
        broker: simulated, ibkr or paper_stub, whose account it is about; as set if not given.
    """
    return await _sum_up(PeriodKind.WEEK, day, broker)


@declared("monthly-quality", sends=False)
async def monthly_quality(day: Day = None, broker: Broker = None) -> State:
    """Sums up the execution quality of a calendar month.

    Args:
        day: any day of it; the last month that is over, if not given.
        broker: simulated, ibkr or paper_stub, whose account it is about; as set if not given.
    """
    return await _sum_up(PeriodKind.MONTH, day, broker)


async def _sum_up(kind: PeriodKind, day: Day, broker: Broker) -> State:
    settings = load_settings(**({"broker": {"provider": broker}} if broker else {}))
    account = settings.broker.account
    period = latest_over(kind, WallClock().now()) if day is None else Period.containing(kind, day)
    await name_flow_run(f"quality, {period}", account)
    return Completed(message=await sum_up_period(account, period))
