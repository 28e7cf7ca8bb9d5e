"""The production server: gunicorn, told what this project needs and nothing from its own files or the home folder."""

import logging
import os
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from sqlalchemy import make_url

from api.app import create_app
from config import Settings

GRACE_SECONDS = 20
"""How long requests under way may still take when the server is told to stop."""
SILENCE_SECONDS = 60
"""A serving process that has not stirred for so long is replaced."""
KEEP_ALIVE_SECONDS = 30
QUOTING = ("Invalid request from", "Error handling request")


def serve(settings: Settings, *, ready: Callable[[], None]) -> None:
    """Serve until told to stop by an interrupt or SIGTERM; `ready` is called once requests are accepted."""
    Server(settings, ready).run()


class Server(BaseApplication):  # type: ignore[misc] # gunicorn ships no types
    """The application under gunicorn. It is made in each serving process: no connection may be older than the fork."""

    def __init__(self, settings: Settings, ready: Callable[[], None]) -> None:
        self._settings = settings
        self._ready = ready
        super().__init__()

    def load_config(self) -> None:
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)
        self.cfg.set("when_ready", lambda _arbiter: self._ready())

    def load(self) -> Any:
        return create_app(self._settings)


def options(settings: Settings) -> dict[str, Any]:
    """Gunicorn's options. SQLite has one writer, so one process; its threads then queue fairly for it."""
    embedded = make_url(settings.database_url).get_backend_name() == "sqlite"
    return {
        "bind": f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}",
        "worker_class": "gthread",
        "workers": 1 if embedded else settings.workers,
        "threads": settings.threads,
        "timeout": SILENCE_SECONDS,
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": KEEP_ALIVE_SECONDS,
        "forwarded_allow_ips": "",  # the application reads proxies' headers, from as many as it is told to trust
        "control_socket_disable": True,  # it would stand in the home folder
        "loglevel": settings.log_level.lower(),
        "logger_class": DiscreetLogger,
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,  # noqa: S108 # memory: heartbeats wait for no disk
    }


class DiscreetLogger(Logger):  # type: ignore[misc] # gunicorn ships no types
    """Gunicorn's log without request lines: an address may hold what somebody searched for."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.addFilter(withhold_address)


def withhold_address(record: logging.LogRecord) -> bool:
    """Strip a record of the request it quotes; the trace of a failure stays."""
    for beginning in QUOTING:
        if str(record.msg).startswith(beginning):
            record.msg, record.args = f"{beginning} (address withheld)", ()
    return True
