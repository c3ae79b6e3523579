"""``python -m flows.last_word FLOW_RUN MESSAGE``: the message of a flow run that was cancelled.

Prefect's own comes last whatever a hook says, so this waits for it, in a process that outlives the hook.
"""

import asyncio
import sys
from uuid import UUID

from prefect import get_client
from prefect.states import Cancelled

LOOKS, LOOK_SECONDS = 60, 0.5


async def say(flow_run: UUID, message: str) -> None:
    """Sets the message once the flow run is cancelled; if it never is, says nothing."""
    async with get_client() as client:
        for _ in range(LOOKS):
            state = (await client.read_flow_run(flow_run)).state
            if state is not None and state.is_cancelled():
                await client.set_flow_run_state(flow_run, Cancelled(message=message), force=True)
                return
            await asyncio.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    asyncio.run(say(UUID(sys.argv[1]), sys.argv[2]))
