"""The triggers that mark a time of which something was written, so that its days are reckoned anew."""


def create() -> None:
    """Nothing yet."""


def drop() -> None:
    """Nothing yet."""
