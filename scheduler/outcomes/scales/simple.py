"""The clinic's own question: one number from 0 to 10, 0 being best."""

from scheduler.outcomes.scales.definition import Choice, Item, Mode, Scale

MOST = 10


def simple_scale(  # noqa: PLR0917 # the columns of a clinic's question, in their order
    key: str, version: str, name: str, question: str, least_label: str, most_label: str
) -> Scale:  # fmt: skip
    """A scale of one question, whose ends bear the clinic's words. It has no bands and raises no alert."""
    ends = {0: f"0: {least_label}", MOST: f"{MOST}: {most_label}"}
    choices = tuple(Choice(value, ends.get(value, str(value))) for value in range(MOST + 1))
    return Scale(
        key=key,
        version=version,
        name=name,
        recall="",
        items=(Item(1, 0, MOST, question, choices=choices),),
        bands=(),
        source="The clinic's own question.",
        licence="The clinic's own words.",
        mode=Mode.EITHER,
    )
