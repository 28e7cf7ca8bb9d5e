"""A clinic's colour made legible: contrasts as WCAG 2.2 reckons them. Pure."""

DEFAULT = "#1f5f6b"
TEXT, LINE = 4.5, 3.0
"""The least contrast of text, and of what must be seen without being read."""
STEP = 0.05
STRAIGHT_UP_TO = 0.04045
"""As far as the curve of sRGB is a line."""
BLACK, WHITE = "#000000", "#ffffff"
BY_DAY, BY_NIGHT = "#eef3f4", "#283037"
"""Of the grounds of a page those hardest to stand out from: `--chosen` of `assets/pages.css`."""


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black on white."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def text_on(colour: str) -> str:
    """Black or white, whichever reads better; the better of the two is always enough."""
    return max((WHITE, BLACK), key=lambda text: contrast(colour, text))


def seen_on(ground: str, colour: str, *, least: float = LINE) -> str:
    """The colour, moved as little as needed towards black or white until it stands out from the ground."""
    towards, share = text_on(ground), 0.0
    while contrast(ground, mixed := _mix(colour, towards, share)) < least:
        share += STEP
    return mixed


def _mix(colour: str, other: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * min(share, 1.0)):02x}" for one, two in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= STRAIGHT_UP_TO else float(((channel + 0.055) / 1.055) ** 2.4)
