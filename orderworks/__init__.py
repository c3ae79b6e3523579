"""Orderworks: from a table of trading signals to orders that are sent exactly once and measured."""
