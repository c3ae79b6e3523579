"""The suite of each handoff: one file each, by name in ``SUITES``."""

from orderworks.handoffs.suites.fills import FILLS
from orderworks.handoffs.suites.gated import GATED
from orderworks.handoffs.suites.quality import QUALITY
from orderworks.handoffs.suites.routed import ROUTED
from orderworks.handoffs.suites.scheduled import SCHEDULED
from orderworks.handoffs.suites.signals import SIGNALS
from orderworks.handoffs.suites.sized import SIZED
from orderworks.handoffs.suites.submitted import SUBMITTED
from orderworks.handoffs.suites.targets import TARGETS

SUITES = {
    suite.handoff: suite
    for suite in (SIGNALS, TARGETS, SIZED, GATED, ROUTED, SCHEDULED, SUBMITTED, FILLS, QUALITY)
}
