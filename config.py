"""Settings, read once from the environment. `docs/operations.md` has the same table for people."""

import re
from collections.abc import Callable, Iterator, Mapping
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
    smtp_host: str | None = None
    """The mail server that takes letters to patients; without it none are sent."""
    smtp_port: int = 587
    """Its port."""
    smtp_security: str = "starttls"
    """How it is spoken to: starttls, tls from the first word, or none."""
    smtp_from: str | None = None
    """Whom letters are from: an address, or `Name <address>`."""
    smtp_user: str | None = None
    """With what name to sign in to it; without one nobody signs in."""
    smtp_password: str | None = None
    """The password of that name."""
    public_url: str | None = None
    """Where patients reach the server from outside; without it no questionnaire is sent by e-mail."""
    worker_seconds: int = 15
    """How long the worker rests between two rounds."""
    simulation_processes: int = 1
    """On how many processes a simulation is run."""

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
        settings = cls(**chosen)
        faults += _mail_faults(settings)
        if faults:
            raise BadSettings("; ".join(faults))
        return settings


def _mail_faults(settings: "Settings") -> Iterator[str]:
    """What does not go together."""
    if settings.smtp_host and not settings.smtp_from:
        yield "SMTP_FROM: letters need somebody they are from"
    if bool(settings.smtp_user) != bool(settings.smtp_password):
        yield "SMTP_PASSWORD: a name and a password go together"
    if settings.smtp_password and settings.smtp_security == "none":
        yield "SMTP_SECURITY: a password is not sent in the clear"


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


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"{', '.join(words[:-1])} or {words[-1]} is needed")
        return text.lower()

    return read


def _sender(text: str) -> str:
    if not SENDER.fullmatch(text):
        raise ValueError("an e-mail address is needed, or Name <address>")
    return text


def _web_address(text: str) -> str:
    if not WEB_ADDRESS.fullmatch(text):
        raise ValueError("https://HOST is needed, perhaps with a port and a path")
    return text.rstrip("/")


WEB_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")
"""In plain ASCII, since it stands in letters."""
SENDER = re.compile(r"[^\s@<>,\"]+@[^\s@<>,\"]+|[^<>,@\"\r\n]+ <[^\s@<>,\"]+@[^\s@<>,\"]+>")
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
    "smtp_host": str,
    "smtp_port": _number(1, 65535),
    "smtp_security": _one_of("starttls", "tls", "none"),
    "smtp_from": _sender,
    "smtp_user": str,
    "smtp_password": str,
    "public_url": _web_address,
    "worker_seconds": _number(1, 3600),
    "simulation_processes": _number(1, 64),
}


def data_folder(settings: Settings) -> Path:
    """Where to keep what belongs beside the database: its folder, or `var` where it is a server."""
    prefix = "sqlite:///"
    if settings.database_url.startswith(prefix):
        return Path(settings.database_url.removeprefix(prefix)).parent
    return Path("var")
