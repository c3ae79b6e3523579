"""What comes before a permission to send: everything asked, and room for the messages to leave."""

from collections.abc import Sequence

from orderworks.brokers.adapter import BrokerAdapter


async def ready_to_leave(broker: BrokerAdapter, symbols: Sequence[str]) -> int:
    """Waits until a message may leave; how many may at once, with all known that must be asked first.

    Args:
        symbols: those of the messages, in the order in which these are to leave.

    Raises:
        BrokerError: where nothing may be sent now.
    """
    soon = await broker.room_for(len(symbols))
    # Of no more than these: asking takes time, and a question takes room as well.
    await broker.prepare(symbols[:soon])
    return await broker.room_for(soon)
