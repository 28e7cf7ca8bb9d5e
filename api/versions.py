"""The version of a row is its ETag; whoever changes it says in If-Match which one they read."""

from typing import Any, Protocol

from flask import g, request

from scheduler.errors import StaleVersion, VersionNeeded
from scheduler.models.base import Versioned


class HasVersion(Protocol):
    @property
    def version(self) -> int: ...


def etag(row: HasVersion) -> str:
    """The entity tag of this version of a row, quotes included."""
    return f'"{row.version}"'


def require_version(row: HasVersion) -> None:
    """Raises `VersionNeeded` without If-Match, and `StaleVersion` if someone changed the row meanwhile.

    This speaks early and plainly; what keeps two changes apart is the version in the UPDATE itself.
    """
    require_header()
    if str(row.version) not in request.if_match:
        raise StaleVersion


def require_header() -> None:
    """Raises `VersionNeeded` if the request does not say which version it is about."""
    if not request.if_match:
        raise VersionNeeded


def with_etag(answer: Any) -> Any:
    """A view's answer, and if it is a single versioned row, its entity tag."""
    if not isinstance(answer, Versioned):
        return answer
    g.db.flush()  # the tag is that of the row as it will be stored
    return answer, {"ETag": etag(answer)}
