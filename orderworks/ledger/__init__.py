"""The ledger: PostgreSQL, the only memory of Orderworks."""
