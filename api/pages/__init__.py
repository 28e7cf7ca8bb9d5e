"""What patients see: plain pages that need neither a script nor a sign-in."""

from api.pages import questions, styles, tablet
from api.pages.frame import blueprint

__all__ = ["blueprint", "questions", "styles", "tablet"]
