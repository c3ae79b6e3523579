"""Redis streams: signals read from one, quotes from one a symbol, fills published to one."""
