"""Whether there is a gateway to work with at all."""

from orderworks.brokers.ibkr.connection import Connection
from orderworks.brokers.ibkr.market.line import data_ids
from orderworks.brokers.ibkr.pace import Pace
from orderworks.model.errors import Unreachable
from orderworks.settings import IbkrBroker as IbkrSettings


async def why_unreachable(settings: IbkrSettings) -> str | None:
    """Why no connection can be made within ``connect_seconds``; None where one can.

    A gateway that says that client ids are in use is there. It is asked under one for market data, and
    nobody is kept from that of the orders.
    """
    ids = data_ids(settings.client_id)
    line = Connection(
        *(settings.host, settings.port, ids[0], lambda _: None),
        Pace(settings.messages_per_second),
        connect_seconds=settings.connect_seconds,
        ask_seconds=settings.ask_seconds,
        spare_ids=ids[1:],
    )
    try:
        await line.open()
    except Unreachable as error:
        return None if line.link.id_is_busy else str(error)
    finally:
        line.close()
    return None
