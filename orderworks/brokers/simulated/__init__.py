"""The simulated exchange: fills against replayed quotes, with its own durable record."""
