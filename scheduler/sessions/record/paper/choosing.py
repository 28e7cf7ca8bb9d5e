"""What is shown where not everything fits. Pure."""

from collections.abc import Collection, Sequence


def fit(wanted: Sequence[int], room: int) -> list[int]:
    """How many lines each block gets: all it wants, or where that is too much, the longest give way first."""
    given = list(wanted)
    while sum(given) > room and any(given):
        longest = max(range(len(given)), key=lambda i: (given[i], i))
        given[longest] -= 1
    return given


def thinned(number: int, room: int, *, keep: Collection[int] = ()) -> list[int]:
    """Which of so many rows are shown: the first, the last and those to keep, and the others evenly between.

    Where even those to keep are too many, they are thinned evenly themselves.
    """
    if number <= room:
        return list(range(number))
    needed = sorted({0, number - 1, *keep})
    if len(needed) >= room:
        return [needed[each * (len(needed) - 1) // max(1, room - 1)] for each in range(room)]
    others, free = [row for row in range(number) if row not in set(needed)], room - len(needed)
    return sorted([*needed, *(others[(2 * each + 1) * len(others) // (2 * free)] for each in range(free))])
