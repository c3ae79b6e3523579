"""What comes over the wire, as values, in its order, before ib_async makes anything of it.

ib_async keeps a book of its own, and what it writes there is no evidence: an error code makes its orders
Cancelled while they live, and a status that repeats what it made up itself raises no event. So each
message is heard here first; that book is never read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_async import IB, Client, CommissionReport, Contract, Execution, Order, OrderState, Wrapper

from orderworks.brokers.ibkr.amounts import to_decimal
from orderworks.brokers.ibkr.contracts import symbol_of
from orderworks.brokers.ibkr.quietening import quieten


@dataclass(frozen=True, slots=True)
class OrderShown:
    """An open order as the broker shows it: an acknowledgement where ``perm_id`` is not 0."""

    order_id: int
    client_id: int
    perm_id: int
    status: str
    order: Order
    contract: Contract

    @property
    def ref(self) -> str:
        return self.order.orderRef


@dataclass(frozen=True, slots=True)
class StatusSaid:
    """Where an order stands."""

    order_id: int
    client_id: int
    perm_id: int
    status: str
    filled: float
    why_held: str


@dataclass(frozen=True, slots=True)
class ExecutionSaid:
    """An execution, or a correction of one."""

    exec_id: str
    order_id: int
    client_id: int
    perm_id: int
    ref: str
    account: str
    symbol: str
    side: str
    shares: float
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class CommissionSaid:
    """What an execution cost; it may come before the execution does."""

    exec_id: str
    commission: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class ErrorSaid:
    """An error or a notice; ``order_id`` is -1 where it is about no order or request."""

    order_id: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class CompletedShown:
    """An order of today that has ended: the broker shows neither its order id nor its client."""

    perm_id: int
    status: str
    completed_status: str
    completed_time: str
    order: Order
    contract: Contract

    @property
    def ref(self) -> str:
        return self.order.orderRef


@dataclass(frozen=True, slots=True)
class WhatIfShown:
    """What an order that was only asked about would do: it is no order."""

    order_id: int
    state: OrderState


Message = (
    OrderShown
    | StatusSaid
    | ExecutionSaid
    | CommissionSaid
    | ErrorSaid
    | CompletedShown
    | WhatIfShown
)
Hear = Callable[[Message], None]


class ListeningIB(IB):
    """The client of ib_async, with an ear on its wire."""

    def __init__(self, hear: Hear) -> None:
        super().__init__()
        self.wrapper = ListeningWrapper(self, hear)
        self.client = Client(self.wrapper)
        # What it holds back in its memory a broken line would lose; ``Pace`` sees to the pace.
        self.client.MaxRequests = 0
        self.client.apiEnd += self.disconnectedEvent
        # On 1102 it would subscribe to the account summary once more, for ever.
        self.errorEvent -= self._onError


class ListeningWrapper(Wrapper):
    """Passes each message on to ``hear``, then to ib_async."""

    def __init__(self, ib: IB, hear: Hear) -> None:
        self._hear = hear
        super().__init__(ib)
        quieten(self._logger)

    def nextValidId(self, reqId: int) -> None:
        # Else it is only minded while a connection is made.
        self.ib.client.updateReqId(reqId)

    def openOrder(
        self,
        orderId: int,
        contract: Contract,
        order: Order,
        orderState: OrderState,
    ) -> None:
        if order.whatIf:
            # Nothing of ours waits for it in ib_async, which would stumble over what is not set.
            self._hear(WhatIfShown(orderId, orderState))
            return
        status = orderState.status
        shown = OrderShown(orderId, order.clientId, order.permId, status, order, contract)
        self._hear(shown)
        super().openOrder(orderId, contract, order, orderState)

    def orderStatus(
        self,
        orderId: int,
        status: str,
        filled: float,
        remaining: float,
        avgFillPrice: float,
        permId: int,
        parentId: int,
        lastFillPrice: float,
        clientId: int,
        whyHeld: str,
        mktCapPrice: float = 0.0,
    ) -> None:
        self._hear(StatusSaid(orderId, clientId, permId, status, filled, whyHeld))
        super().orderStatus(
            *(orderId, status, filled, remaining, avgFillPrice, permId, parentId, lastFillPrice),
            *(clientId, whyHeld, mktCapPrice),
        )

    def execDetails(
        self,
        reqId: int,
        contract: Contract,
        execution: Execution,
    ) -> None:
        self._hear(execution_said(contract, execution))
        super().execDetails(reqId, contract, execution)

    def commissionReport(self, commissionReport: CommissionReport) -> None:
        report = commissionReport
        self._hear(CommissionSaid(report.execId, to_decimal(report.commission), report.currency))
        super().commissionReport(commissionReport)

    def completedOrder(
        self,
        contract: Contract,
        order: Order,
        orderState: OrderState,
    ) -> None:
        state = orderState
        self._hear(
            CompletedShown(
                order.permId,
                state.status,
                state.completedStatus,
                state.completedTime,
                order,
                contract,
            )
        )
        super().completedOrder(contract, order, orderState)

    def error(
        self,
        reqId: int,
        errorCode: int,
        errorString: str,
        advancedOrderRejectJson: str,
    ) -> None:
        self._hear(ErrorSaid(reqId, errorCode, errorString))
        super().error(reqId, errorCode, errorString, advancedOrderRejectJson)


def execution_said(contract: Contract, execution: Execution) -> ExecutionSaid:
    """An execution as a value."""
    return ExecutionSaid(
        execution.execId,
        execution.orderId,
        execution.clientId,
        execution.permId,
        execution.orderRef,
        execution.acctNumber,
        symbol_of(contract),
        execution.side,
        execution.shares,
        to_decimal(execution.price),
        execution.time,
    )
