"""The words of the domain: orders, states, fills, instruments, quotes. Pure: no I/O."""
