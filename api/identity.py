"""Who calls, and whether they may: every view says so, or the application does not start."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, TypeVar

from flask import Flask, Request
from sqlalchemy.orm import Session

from api import strict_json
from scheduler.actors import Actor, Role
from scheduler.administration.sign_in import authenticate
from scheduler.errors import NotAllowed, NotSignedIn

View = TypeVar("View", bound=Callable[..., Any])


class Work(Enum):
    """What a view does with the database; by default GET reads and every other method writes."""

    BY_METHOD = auto()
    READS = auto()
    READS_ONE_SNAPSHOT = auto()
    ON_ITS_OWN = auto()
    SOLVES = auto()


@dataclass(frozen=True)
class Access:
    """Who may call a view: anyone, or staff with one of these roles."""

    roles: frozenset[Role]
    public: bool = False


def allow(*roles: Role) -> Callable[[View], View]:
    """Staff with any of these roles may call this view."""
    return _declare("access", Access(frozenset(roles)))


def allow_staff(view: View) -> View:
    """Everyone who is signed in may call this view."""
    return allow(*Role)(view)


def allow_public(view: View) -> View:
    """Anyone may call this view, signed in or not."""
    return _declare("access", Access(frozenset(), public=True))(view)


def reads(view: View) -> View:
    """A POST that changes nothing, such as a search too long for an address."""
    return _declare("work", Work.READS)(view)


def one_snapshot(view: View) -> View:
    """This view reads with several statements what must fit together: all see the same moment."""
    return _declare("work", Work.READS_ONE_SNAPSHOT)(view)


def on_its_own(view: View) -> View:
    """This view opens its transactions itself, since it does something slow between them."""
    return _declare("work", Work.ON_ITS_OWN)(view)


def solves(view: View) -> View:
    """A dry run of this view is on its own, since it takes its time; what it commits is a write like any other."""
    return _declare("work", Work.SOLVES)(view)


def _declare(name: str, value: object) -> Callable[[View], View]:
    def declare(view: View) -> View:
        setattr(view, name, value)  # functools.wraps hands it on to what is wrapped around the view
        return view

    return declare


def access_to(view: Callable[..., Any]) -> Access:
    """What `allow` said of this view."""
    access: Access = view.access  # type: ignore[attr-defined] # `refuse_undeclared` has seen to it
    return access


def work_of(view: Callable[..., Any], request: Request) -> Work:
    """Whether to open a reading or a writing session; `BY_METHOD` is a writing one."""
    work: Work = getattr(view, "work", Work.BY_METHOD)
    if work is Work.SOLVES:
        return Work.ON_ITS_OWN if strict_json.is_dry_run(request) else Work.BY_METHOD
    return Work.READS if work is Work.BY_METHOD and request.method in {"GET", "HEAD"} else work


def refuse_undeclared(app: Flask) -> None:
    """Raise `LookupError` if a view does not say who may call it."""
    undeclared = sorted(name for name, view in app.view_functions.items() if not hasattr(view, "access"))
    if undeclared:
        raise LookupError(f"these views do not say who may call them: {', '.join(undeclared)}")


def identify(db: Session, request: Request, access: Access, *, now: datetime) -> Actor | None:
    """The member of staff behind a request. Raises `NotSignedIn`, or `NotAllowed` if no role of theirs will do."""
    if access.public:
        return None
    actor = authenticate(db, bearer(request), now=now)
    if not actor.has_any(*access.roles):
        raise NotAllowed
    return actor


def bearer(request: Request) -> str:
    """The token a request carries. Raises `NotSignedIn`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    return token.strip()
