"""Interactive Brokers, through ib_async: one connection, one loop, one client id."""
