"""Handing letters to a real mail server, and what is told when it does not take them."""

import socket
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from api import post
from api.post import MailServerAway, NotDelivered, Post
from config import Settings
from scheduler.booking.letters.outbox import Failure, Letter
from tests.mailbox import mailbox

NOW = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
ID = UUID("12345678-1234-5678-1234-567812345678")


@pytest.fixture
def box():
    with mailbox() as box:
        yield box


def letter(recipient="ada@example.org", subject="Your appointment", body="On Monday.\n", id_=ID):
    return Letter(uuid4(), id_, uuid4(), recipient, subject, body, 1, None)


def send(settings, *letters):
    """Hand them over on one connection; the failures, by place."""
    failures = {}
    with Post(settings) as office:
        for place, each in enumerate(letters):
            office.call()
            try:
                office.send(each, now=NOW)
            except NotDelivered as fault:
                failures[place] = fault.failure
    return failures


def test_a_letter_arrives_as_it_was_written(box):
    assert send(box.settings(), letter(subject="Ihr Termin", body="Größe\n")) == {}

    (arrived,) = box.letters
    assert box.recipients == ["ada@example.org"]
    assert (arrived["From"], arrived["To"]) == ("Midtown <desk@midtown.test>", "ada@example.org")
    assert arrived["Subject"] == "Ihr Termin"
    assert arrived.get_content().splitlines() == ["Größe"]
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Date"].datetime == NOW


def test_a_letter_that_comes_twice_can_be_told_by_its_id(box):
    send(box.settings(), letter())
    send(box.settings(), letter())

    assert [arrived["Message-ID"] for arrived in box.letters] == [f"<{ID}@midtown.test>"] * 2


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("550 No such person", Failure.RECIPIENT_REFUSED),
        ("550 5.1.1 No such person", Failure.RECIPIENT_REFUSED),
        ("551 Not here", Failure.RECIPIENT_REFUSED),
        ("553 5.1.3 No address", Failure.RECIPIENT_REFUSED),
        ("550 5.7.1 Relaying denied", Failure.RECIPIENT_DEFERRED),
        ("530 5.7.0 Authenticate first", Failure.RECIPIENT_DEFERRED),
        ("554 Policy", Failure.RECIPIENT_DEFERRED),
        ("552 Mailbox full", Failure.RECIPIENT_DEFERRED),
        ("450 Come back later", Failure.RECIPIENT_DEFERRED),
        ("421 Closing", Failure.RECIPIENT_DEFERRED),
    ],
)
def test_a_refused_recipient_is_told_and_the_next_letter_arrives(box, answer, failure):
    box.on_recipient["nobody@example.org"] = answer

    failures = send(box.settings(), letter("nobody@example.org"), letter())

    assert failures == {0: failure}
    assert box.recipients == ["ada@example.org"]


def test_a_refused_letter_is_told_and_the_next_one_arrives(box):
    box.on_data = ["554 Not this"]

    assert send(box.settings(), letter(), letter()) == {0: Failure.LETTER_REFUSED}


def test_a_connection_that_drops_after_the_letter_is_told_and_the_next_one_arrives(box):
    box.on_data = [None]

    assert send(box.settings(), letter(), letter()) == {0: Failure.CONNECTION_LOST}
    assert len(box.letters) == 2


def test_an_address_beyond_ascii_is_refused(box):
    assert send(box.settings(), letter("adä@example.org")) == {0: Failure.RECIPIENT_REFUSED}


@pytest.mark.parametrize(
    "recipient",
    [
        "=?utf-8?q?a?=@=?utf-8?q?=0D=0ABcc=3Ax=40evil.org?=", "=?utf-8?q?x=40evil.org=2C?=@ok.org",
        "=?utf-8?q?a?=@ok.org", '"ada"@ok.org', "ada@ok.org, x@evil.org", "ada@ok.org\r\nBcc:x@evil.org", "ada",
    ],
)  # fmt: skip
def test_an_old_row_whose_recipient_is_no_plain_address_is_not_sent(box, recipient):
    assert send(box.settings(), letter(recipient)) == {0: Failure.RECIPIENT_REFUSED}
    assert (box.letters, box.recipients) == ([], [])


def test_a_longest_address_arrives_as_it_is(box):
    longest = f"{'a.b-c_d=' * 7}longest1@{'a-b.' * 40}example.org"

    assert send(box.settings(), letter(longest)) == {}

    assert box.recipients == [box.letters[0]["To"]] == [longest]


@pytest.mark.parametrize("hidden", ["=?utf-8?q?a=0D=0ABcc=3Ax=40evil.org?=", "=?utf-8?q?a=0D=0A=0D=0Abody?="])
def test_nothing_hidden_in_a_subject_or_a_sender_adds_a_line(box, hidden):
    sent_from = {"smtp_from": f"{hidden} <desk@midtown.test>"}

    send(box.settings(), letter(subject=hidden))
    send(box.settings(**sent_from), letter())

    assert box.recipients.count("ada@example.org") == len(box.letters)
    assert not [each for each in box.letters if each["Bcc"] or each.get_content().strip() != "On Monday."]


def test_what_cannot_be_put_into_a_letter_is_refused_and_nothing_is_sent(box):
    assert send(box.settings(), letter(subject="Two\nlines")) == {0: Failure.LETTER_REFUSED}
    assert box.letters == []


def test_a_refused_sender_is_told(box):
    box.on_sender = "550 Not from you"

    assert send(box.settings(), letter()) == {0: Failure.SENDER_REFUSED}


def test_a_sender_in_letters_the_server_cannot_read_is_told(box):
    assert send(box.settings(smtp_from="bärbel@midtown.test"), letter()) == {0: Failure.SENDER_REFUSED}


def test_a_server_that_is_away_is_told():
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]

    with pytest.raises(MailServerAway), Post(Settings(smtp_host="127.0.0.1", smtp_port=port)) as office:
        office.call()


def test_a_server_that_says_nothing_is_left(monkeypatch):
    monkeypatch.setattr(post, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(smtp_host="127.0.0.1", smtp_port=silent.getsockname()[1], smtp_security="none")

        with pytest.raises(MailServerAway), Post(settings) as office:
            office.call()


def test_a_letter_without_a_call_is_not_sent():
    with pytest.raises(NotDelivered):
        Post(Settings()).send(letter(), now=NOW)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """Of 127.0.0.1, vouched for by nobody but itself."""
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(
        [*command, "-addext", "subjectAltName=IP:127.0.0.1", *files],
        check=True, capture_output=True,
    )  # fmt: skip
    made.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return made


@pytest.fixture
def tls(certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_letter_goes_over_starttls_with_a_sign_in(tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mailbox(tls) as box:
        send(box.settings(smtp_security="starttls", smtp_user="midtown", smtp_password="correct"), letter())  # noqa: S106 # the test server's

    assert (len(box.letters), box.signed_in) == (1, [b"midtown"])


def test_a_wrong_password_counts_as_away(tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mailbox(tls) as box, pytest.raises(MailServerAway):
        send(box.settings(smtp_security="starttls", smtp_user="midtown", smtp_password="wrong"), letter())  # noqa: S106 # the test server's


def test_a_letter_goes_over_tls_from_the_first_word(tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mailbox(tls, implicit=True) as box:
        send(box.settings(smtp_security="tls"), letter())

    assert len(box.letters) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_nobody_vouches_for_gets_no_letter(tls, security):
    with mailbox(tls, implicit=security == "tls") as box, pytest.raises(MailServerAway):
        send(box.settings(smtp_security=security), letter())

    assert box.letters == []


def test_a_server_that_cannot_speak_tls_gets_no_letter(box):
    with pytest.raises(MailServerAway):
        send(box.settings(smtp_security="starttls"), letter())
