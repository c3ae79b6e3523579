"""Interactive Brokers as a market: quotes as they come, bars of the past, contracts, the gateway's time."""
