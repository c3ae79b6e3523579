"""Telling people of alerts: what is said, on which channels, and the outbox that sees to it."""
