"""A gateway of Interactive Brokers to test against: its wire protocol, our simulated exchange behind it."""
