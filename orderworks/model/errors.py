"""The errors that Orderworks raises on purpose.

Each is one clear sentence: what, where, what to do. ``exit_status`` is what the command line
ends with: 1 where the work failed, 2 where the caller's input or usage must change first.
"""


class OrderworksError(Exception):
    """Something went wrong that the user can understand and act on."""

    exit_status = 1


class InputError(OrderworksError):
    """The caller's input cannot be used: a file, a row, an argument."""

    exit_status = 2


class SettingsError(InputError):
    """A setting is unknown or out of range; the message names its key."""


class NothingNew(InputError):
    """A source has nothing that an earlier run was not planned from."""


class PlanConflict(InputError):
    """A run key was used before with other inputs; its frozen plan is not replaced."""


class LedgerUnavailable(OrderworksError):
    """The database cannot be reached, started or upgraded."""


class MarketDataError(InputError):
    """Market data that the work needs is missing or malformed."""


class QuotesForgotten(MarketDataError):
    """A market has no quotes any more of a session that was measured with some."""


class SessionOver(InputError):
    """The account has gone on to a later session than the one that was asked for."""


class BrokerError(OrderworksError):
    """The broker refused, cannot be reached, or is not the one that was configured."""


class Unanswered(BrokerError):
    """No answer came in time: whether the broker received the request is unknown."""


class Disconnected(BrokerError):
    """The line to the broker broke: whether it received the last request is unknown."""


class Unreachable(BrokerError):
    """No line to the broker could be made: it did not receive the request."""


class PacingRefused(BrokerError):
    """The broker refused a request for coming too fast: it looked at nothing of it."""


class SnapshotIncomplete(BrokerError):
    """A broker snapshot could not be taken whole; nothing may be concluded from its absence."""


class LeaseLost(OrderworksError):
    """Another worker holds the account: this process may neither send nor book."""


class KillSwitchThrown(OrderworksError):
    """The kill switch is on: nothing is sent until a person resumes with a reason."""


class RunCancelled(OrderworksError):
    """The run was cancelled: none of its orders is sent any more."""


class NotApproved(OrderworksError):
    """The plan waits for a person: none of its orders is sent before it is approved."""


class BooksDiffer(OrderworksError):
    """The books and the broker differ in something that no evidence settles."""


class OrdersUnsettled(OrderworksError):
    """A run came to its end with orders that could be neither cancelled nor confirmed."""


class IllegalTransition(OrderworksError):
    """An order was asked to make a transition that its state does not allow."""
