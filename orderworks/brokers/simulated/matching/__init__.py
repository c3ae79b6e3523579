"""The matching engine: price-time priority over a replayed tape, pure and deterministic."""
