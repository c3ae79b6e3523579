"""Show how far a run has come, as a bar that moves after each wave."""

from dataclasses import dataclass
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from orderworks.desk.desk import Desk
from orderworks.ledger.overview import progress
from orderworks.ledger.runs import Run
from tasks.showing import key_of, show


@dataclass(slots=True)
class ProgressBar:
    """The bar of one run; there is none before it is first moved."""

    artifact: UUID | None = None

    async def move(self, desk: Desk, run: Run) -> None:
        """Moves it to the part of the run's shares that have filled, or will not be traded any more."""
        done = progress(desk.ledger, run.run_id)
        orders = f"{done.ended:,} of {done.orders:,} orders"
        told = f"{run.run_key}: {orders} done, {done.per_cent:.0f} % of shares"
        if self.artifact is None:
            key = key_of(f"progress {desk.account} {run.run_key}")
            self.artifact = await show(
                "the progress", acreate_progress_artifact(done.per_cent, key, told)
            )
        else:
            await show(
                "the progress", aupdate_progress_artifact(self.artifact, done.per_cent, told)
            )
