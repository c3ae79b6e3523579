"""The one address on which Orderworks listens: nothing of it is served to other machines."""

LOOPBACK = "127.0.0.1"


def loopback_port(address: str) -> int:
    """The port of an address such as ``127.0.0.1:4010``.

    Raises:
        ValueError: for another machine's address, and for what is none.
    """
    host, _, port = address.rpartition(":")
    if host not in (LOOPBACK, "localhost"):
        raise ValueError(
            f"a server of this machine listens on {LOOPBACK} only; write {LOOPBACK}:PORT"
        )
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise ValueError(f"the port must be a number from 1 to 65535, not {port!r}")
    return int(port)
