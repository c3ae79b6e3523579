"""Throwing the kill switch and resuming, for the account that is set."""

from orderworks.ledger import controls
from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import database_url, open_ledger
from orderworks.ledger.overview import known_accounts
from orderworks.market.calendar import NEW_YORK
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import InputError
from orderworks.settings import Settings, home_directory


def throw(settings: Settings, reason: str, *, flatten: bool = False) -> None:
    """Stops all sending for the account from the moment that this returns.

    With ``flatten``, but for the orders that close its positions.

    An account that never traded is stopped as well, but has no alerts yet. Thrown again for the same
    reason, as by a run that is retried, it is told once.
    """
    account = settings.broker.account
    with open_ledger(database_url(home_directory())) as ledger:
        at = controls.throw_kill_switch(ledger, account, reason, flatten=flatten)
        crash_point(CrashPoint.KILL_THROWN)
        if account not in known_accounts(ledger):
            return
        raise_alerts(
            ledger,
            account,
            [
                Alert(
                    kind="kill_switch",
                    cause=f"kill:{at.isoformat()}",
                    message=f"kill switch thrown at {at.astimezone(NEW_YORK):%H:%M:%S}: {reason}",
                    at=at,
                    payload={"reason": reason, "flatten": flatten},
                )
            ],
        )


def resume(settings: Settings, reason: str) -> None:
    """Permits sending again; the reason is kept.

    Raises:
        InputError: if the account was not killed, or every account was.
    """
    account = settings.broker.account
    with open_ledger(database_url(home_directory())) as ledger:
        everywhere = controls.kill_reason(ledger, controls.EVERY_ACCOUNT)
        if everywhere is not None:
            raise InputError(
                f"every account was killed ({everywhere}), so account {account} alone cannot be "
                f"resumed; set the switch of account '{controls.EVERY_ACCOUNT}' back in the "
                "ledger's table controls first"
            )
        if controls.kill_reason(ledger, account) is None:
            raise InputError(
                f"account {account} was not killed; --broker names another account's broker, "
                "'orderworks status' shows which account is killed"
            )
        controls.resume(ledger, account, reason)
