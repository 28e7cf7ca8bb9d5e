"""How the pictures of scores are made: one font, one look, and the same bytes for the same figures.

Importing this imports matplotlib: whoever draws imports it when somebody asks for a picture.
"""

import re
from io import BytesIO
from threading import Lock
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

DRAWING = Lock()
"""One picture at a time: the library does not promise more."""
FONT = "DejaVu Sans"
"""Comes with the library, so that a picture looks the same everywhere."""
DOTS = 150
INK, MUTED, FAINT = "#1c2733", "#586675", "#c9d1da"

mpl.rcParams.update({"svg.hashsalt": "scores", "svg.fonttype": "path", "font.family": FONT, "hatch.linewidth": 0.5})
_ROOT, _STYLE = re.compile(r"<svg ([^>]*)>\n"), re.compile(r'style="([^"]*)"')
_SHEET = re.compile(r" *<defs>\s*<style [^>]*>[^<]*</style>\s*</defs>\n")
_NAMED = '<svg role="img" aria-labelledby="title desc" stroke-linejoin="round" stroke-linecap="butt"'
"""As the sheet of styles has it, which stands in no attribute."""
_KNOWN = frozenset(get_font(findfont(FONT)).get_charmap())


def legible(text: str) -> str:
    """A clinic's own words with a box for every sign the font lacks."""
    return "".join(sign if ord(sign) in _KNOWN else "\u25a1" for sign in text)


def blank(width: float, height: float) -> Figure:
    """An empty sheet in inches."""
    return Figure(figsize=(width, height), dpi=DOTS, facecolor="white")


def as_svg(figure: Figure, title: str, description: str) -> bytes:
    """The figure as SVG, letters as outlines, with a title and a description for who cannot see it.

    Its looks stand in attributes: a page's security policy lets no style stand in a document.
    """
    written = BytesIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = _STYLE.sub(_attributes, _SHEET.sub("", written.getvalue().decode()))
    said = f'<title id="title">{escape(title)}</title>\n <desc id="desc">{escape(description)}</desc>'
    return _ROOT.sub(lambda root: f"{_NAMED} {root[1]}>\n {said}\n", text, count=1).encode()


def _attributes(style: re.Match[str]) -> str:
    rules = (rule.partition(":") for rule in style[1].split(";"))
    return " ".join(f'{name.strip()}="{value.strip()}"' for name, _, value in rules)


def as_png(figure: Figure, title: str, description: str) -> bytes:
    """The figure as PNG, with the same words in its text fields."""
    written = BytesIO()
    figure.savefig(written, format="png", metadata={"Software": None, "Title": title, "Description": description})
    return written.getvalue()
