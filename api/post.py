"""Handing letters to the mail server, by SMTP."""

import smtplib
import socket
import ssl
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from types import TracebackType
from typing import Self

from config import Settings
from scheduler.booking.letters.outbox import Failure, Letter
from scheduler.records.access import ADDRESS

TIMEOUT_SECONDS = 10
"""For each answer of the mail server; a whole letter stays far below the time for which a worker has it."""
NO_SUCH_PERSON = {550, 551, 553}
OF_POLICY = b"5.7."
"""With this a server says that it does not want us, or not so: somebody may put that right."""


class MailServerAway(Exception):
    """The mail server cannot be reached or does not let us in: nothing any letter could help."""


class NotDelivered(Exception):
    """The mail server did not take this letter, or the connection broke before it said so."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


class Post:
    """A connection to the mail server, open when there is something to send; a failure closes it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sender = parseaddr(settings.smtp_from or "")[1]
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.hang_up()

    def call(self) -> None:
        """Have a connection. Raises `MailServerAway`."""
        try:
            self._server = self._server or self._connected()
        except (OSError, smtplib.SMTPException) as fault:
            raise MailServerAway(type(fault).__name__) from fault

    def send(self, letter: Letter, *, now: datetime) -> None:
        """Hand a letter over. Raises `NotDelivered`; then nobody knows what has become of the connection."""
        if self._server is None:
            raise NotDelivered(Failure.CONNECTION_LOST)
        try:
            message = self._message(letter, now)
            _refuse_other_head(message, letter)
            self._server.send_message(message, self._sender, [letter.recipient])
        except (OSError, ValueError, MessageError, smtplib.SMTPException) as fault:
            self.hang_up()
            raise NotDelivered(_failure(fault)) from fault

    def hang_up(self) -> None:
        """End the connection, if there is one, without a wait for a last word."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _connected(self) -> smtplib.SMTP:
        settings, context = self._settings, ssl.create_default_context()
        where = (settings.smtp_host or "", settings.smtp_port, socket.gethostname())
        if settings.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(*where, timeout=TIMEOUT_SECONDS)
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=context)
            if settings.smtp_user and settings.smtp_password:
                server.login(settings.smtp_user, settings.smtp_password)
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, letter: Letter, now: datetime) -> EmailMessage:
        """The same `Message-ID` each time, so that receivers can tell a letter that comes twice.

        Raises `NotDelivered` for a recipient who is none: a row may be older than what an address must be.
        """
        if not ADDRESS.fullmatch(letter.recipient):
            raise NotDelivered(Failure.RECIPIENT_REFUSED)
        message = EmailMessage()
        message["From"] = self._settings.smtp_from
        message["To"] = Address(addr_spec=letter.recipient)
        message["Subject"] = letter.subject
        message["Date"] = now
        message["Message-ID"] = f"<{letter.id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        return message


def _refuse_other_head(message: EmailMessage, letter: Letter) -> None:
    """Read the head as a mail server will: it has the lines that were put in, and goes to this recipient alone."""
    read = BytesHeaderParser().parsebytes(message.as_bytes())
    if read.get_all("To") != [letter.recipient]:
        raise NotDelivered(Failure.RECIPIENT_REFUSED)
    if read.keys() != message.keys():
        raise NotDelivered(Failure.LETTER_REFUSED)


def _failure(fault: Exception) -> Failure:
    match fault:
        case smtplib.SMTPRecipientsRefused():
            return _of_recipient(*fault.recipients.values())
        case smtplib.SMTPNotSupportedError() | smtplib.SMTPSenderRefused():  # the former: it cannot read who we are
            return Failure.SENDER_REFUSED
        case smtplib.SMTPDataError() | ValueError() | MessageError():
            return Failure.LETTER_REFUSED
        case _:
            return Failure.CONNECTION_LOST


def _of_recipient(answer: tuple[int, bytes]) -> Failure:
    """Refused for good only where it can be nothing else: one wrong setting of a server must not throw letters away."""
    code, said = answer
    for_good = code in NO_SUCH_PERSON and not said.startswith(OF_POLICY)
    return Failure.RECIPIENT_REFUSED if for_good else Failure.RECIPIENT_DEFERRED
