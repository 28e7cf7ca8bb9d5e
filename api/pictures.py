"""Pictures and paper as answers: what draws is large, and imported by the first who asks."""

from importlib import import_module
from typing import Any

from flask import Response

PDF = "application/pdf"
TYPES = {"svg": "image/svg+xml", "png": "image/png"}
"""By the format that is asked for."""


def told(description: str, *types: str) -> dict[str, dict[str, Any]]:
    """The answer as the document tells it; a picture unless other types are named."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in types or TYPES.values()}
    return {"200": {"description": description, "content": content}}


def drawn(module: str, *what: Any, kind: str, named: str | None = None) -> Response:
    """What `draw` of this module makes, as a file of this type, under a name if it has one."""
    headers = {"Content-Disposition": f'inline; filename="{named}"'} if named else None
    return Response(import_module(module).draw(*what), content_type=kind, headers=headers)
