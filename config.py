"""Settings, read once from the environment. `docs/operations.md` has the same table for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


class BadSettings(ValueError):
    """The environment says something that cannot be; the message names every fault."""


@dataclass(frozen=True)
class Settings:
    """What the machine decides, not the clinic. Each field is the environment variable of the same name in capitals."""

    database_url: str = "sqlite:///var/clinic.db"
    """Where the data is: an SQLite file, or `postgresql://...`."""
    host: str = "127.0.0.1"
    """The address to serve on."""
    port: int = 8000
    """The port to serve on."""
    workers: int = 2
    """Serving processes."""
    threads: int = 8
    """Threads of each serving process; each may hold one database connection."""
    token_hours: int = 12
    """How long a sign-in lasts."""
    idempotency_days: int = 7
    """How long the first answer to a request with an Idempotency-Key is kept, and given again."""
    sign_in_failures: int = 10
    """Failed sign-ins of one e-mail address allowed in fifteen minutes; ten times as many from one network address."""
    trusted_proxies: int = 0
    """How many proxies stand in front and set X-Forwarded-For and X-Forwarded-Proto."""
    demo_password: str | None = None
    """The password of the demo clinic's people; made at random and kept beside the database where unset."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings in these variables; an empty one counts as unset. Raises `BadSettings` with every fault."""
        given = {field.name: environment.get(field.name.upper(), "") for field in fields(cls)}
        chosen: dict[str, Any] = {}
        faults = []
        for name, text in given.items():
            try:
                if text:
                    chosen[name] = READERS[name](text)
            except ValueError as fault:
                faults.append(f"{name.upper()}: {fault}")
        if faults:
            raise BadSettings("; ".join(faults))
        return cls(**chosen)


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
            raise ValueError(f"a whole number from {least} to {most} is needed")
        return int(text)

    return read


def _database_url(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("sqlite:///FILE or postgresql://... is needed")
    return text


def _log_level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError("DEBUG, INFO, WARNING or ERROR is needed")
    return text.upper()


def _password(text: str) -> str:
    if len(text) < SHORTEST_PASSWORD:
        raise ValueError(f"at least {SHORTEST_PASSWORD} characters are needed")
    return text


SHORTEST_PASSWORD = 12

READERS: dict[str, Callable[[str], Any]] = {
    "database_url": _database_url,
    "host": str,
    "port": _number(1, 65535),
    "workers": _number(1, 64),
    "threads": _number(1, 64),
    "token_hours": _number(1, 24 * 30),
    "idempotency_days": _number(1, 365),
    "sign_in_failures": _number(1, 1000),
    "trusted_proxies": _number(0, 10),
    "demo_password": _password,
    "log_level": _log_level,
}


def data_folder(settings: Settings) -> Path:
    """Where to keep what belongs beside the database: its folder, or `var` where it is a server."""
    prefix = "sqlite:///"
    if settings.database_url.startswith(prefix):
        return Path(settings.database_url.removeprefix(prefix)).parent
    return Path("var")
