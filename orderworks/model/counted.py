"""Numbers of things, as sentences say them."""


def counted(number: int, one: str, many: str = "") -> str:
    """'1 order', '2,000 orders'; with both given, what follows may agree: '1 order is', '2 orders are'."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
