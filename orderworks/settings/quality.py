"""The section ``quality``: what costs and delays are told."""

from orderworks.settings.section import Positive, Section


class Quality(Section):
    alert_slippage_bps: Positive
    alert_latency_ms: Positive
    alert_order_efficiency: Positive
