"""The version of a row is its ETag; whoever changes it says in If-Match which one they read."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, runtime_checkable

from flask import g, request

from scheduler.errors import StaleVersion, VersionNeeded
from scheduler.models.base import Versioned

View = TypeVar("View", bound=Callable[..., Any])


@runtime_checkable
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


def changes_version(view: View) -> View:
    """A POST that changes what somebody read before: it needs If-Match, as PUT, PATCH and DELETE do by themselves."""
    view.versioned = True  # type: ignore[attr-defined] # functools.wraps hands it on to what is wrapped around the view
    return view


def with_etag(answer: Any) -> Any:
    """A view's answer, and if it is a single thing with a version, its entity tag."""
    if not isinstance(answer, HasVersion):
        return answer
    if isinstance(answer, Versioned):
        g.db.flush()  # the tag is that of the row as it will be stored
    return answer, {"ETag": etag(answer)}
