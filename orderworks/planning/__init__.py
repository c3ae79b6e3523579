"""From signals to scheduled child orders: pure functions, no I/O."""
