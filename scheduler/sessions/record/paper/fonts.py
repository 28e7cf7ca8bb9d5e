"""The two fonts of the sheet, and how much room words take in them.

DejaVu Sans has Latin with all its accents, Greek and Cyrillic, and comes with matplotlib. What it lacks, such as
Chinese, shows as an empty box.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD = "Sheet", "Sheet-Bold"
FILES = {PLAIN: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
CUT = "…"
WRITING = Lock()
"""One document at a time: the library keeps what it has drawn with a font at the font."""


@cache
def register() -> None:
    """Make both fonts known; the files are found without importing the library they come with."""
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise LookupError("matplotlib, whose fonts the sheet is written in, is not installed")
    folder = Path(next(iter(spec.submodule_search_locations)), "mpl-data", "fonts", "ttf")
    for name, file in FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))


def width(text: str, size: float, font: str = PLAIN) -> float:
    """In points."""
    found: float = pdfmetrics.stringWidth(text, font, size)
    return found


def shortened(text: str, room: float, size: float, font: str = PLAIN) -> str:
    """The text, cut with a mark where it would be wider than its room."""
    if width(text, size, font) <= room:
        return text
    while text and width(text + CUT, size, font) > room:
        text = text[:-1]
    return text.rstrip() + CUT


def wrapped(text: str, room: float, size: float, font: str = PLAIN) -> tuple[str, ...]:
    """The text in lines none of which is wider than its room; a word wider than a line is broken.

    A space that binds stays within its line: a number and its unit are not torn apart.
    """
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in filter(None, paragraph.replace("\t", " ").split(" ")):
            for piece in _pieces(word, room, size, font):
                longer = f"{line} {piece}" if line else piece
                if line and width(longer, size, font) > room:
                    lines.append(line)
                    longer = piece
                line = longer
        lines.append(line)
    return tuple(line for line in lines if line)


def _pieces(word: str, room: float, size: float, font: str) -> list[str]:
    pieces = []
    while width(word, size, font) > room and len(word) > 1:
        most = next((n for n in range(len(word) - 1, 1, -1) if width(word[:n], size, font) <= room), 1)
        pieces.append(word[:most])
        word = word[most:]
    return [*pieces, word]
