"""A real mail server on the loopback, which takes letters or finds fault with them as it is told."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from config import Settings


class Mailbox:
    """What arrived, and how to answer. A reply of None hangs up instead."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.recipients: list[str] = []
        self.signed_in: list[bytes] = []
        self.on_sender = "250 OK"
        self.on_recipient: dict[str, str] = {}
        self.on_data: list[str | None] = []
        """Answers to letters, one each; afterwards all are taken."""
        self.port = 0

    async def handle_MAIL(self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802 # the server's name for it
        envelope.mail_from = address
        return self.on_sender

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802 # the server's name for it
        if address in self.on_recipient:
            return self.on_recipient[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802 # the server's name for it
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.letters.append(message_from_bytes(content, policy=default))  # type: ignore[arg-type] # typeshed's stub is older
        self.recipients += envelope.rcpt_tos
        answer = self.on_data.pop(0) if self.on_data else "250 OK"
        if answer is None:
            assert server.transport is not None
            server.transport.abort()
        return answer or "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        known = isinstance(data, LoginPassword) and data.password == b"correct"
        if known:
            self.signed_in.append(data.login)
        return AuthResult(success=known, handled=False)

    def settings(self, database_url: str = "sqlite:///unused.db", **changes: Any) -> Settings:
        """How to reach it."""
        chosen = {"smtp_host": "127.0.0.1", "smtp_port": self.port, "smtp_security": "none", **changes}
        return Settings(database_url=database_url, **{"smtp_from": "Midtown <desk@midtown.test>", **chosen})


class _Implicit(Controller):
    """aiosmtpd knocks once when it has started: on a port that speaks TLS alone that would be a broken handshake."""

    def _trigger_server(self) -> None:
        with socket.create_connection((self.hostname, self.port)):
            pass


@contextmanager
def mailbox(tls: ssl.SSLContext | None = None, *, implicit: bool = False) -> Iterator[Mailbox]:
    """One that serves until the block ends; with `tls` it asks for STARTTLS and a sign-in, or speaks it at once."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as held:
        box.port = held.getsockname()[1]
    options: dict[str, Any] = {"ssl_context": tls} if implicit else {}
    if tls and not implicit:
        options = {
            "tls_context": tls,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": box.authenticate,
        }
    controller = Controller(box, hostname="127.0.0.1", port=box.port, enable_SMTPUTF8=False, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
