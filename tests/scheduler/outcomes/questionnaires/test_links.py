"""Secrets: what stands in a link, what is typed into a tablet, and what is kept of them."""

import re
from uuid import uuid4

import pytest

from scheduler.outcomes.questionnaires import codes, links

CLINIC = uuid4()


def test_a_token_leads_to_its_clinic_and_digest():
    token, digest = links.new_token(CLINIC)

    assert links.read_token(token) == links.Link(CLINIC, digest)


def test_no_two_tokens_are_alike_and_none_holds_its_digest():
    made = [links.new_token(CLINIC) for _ in range(50)]

    assert len({token for token, _ in made}) == 50
    assert all(digest not in token for token, digest in made)


def test_a_token_is_256_bits_of_letters_and_digits_that_no_mail_program_cuts():
    token, _ = links.new_token(CLINIC)

    assert re.fullmatch(r"[0-9a-z]+", token)
    assert 32**52 > 2**256


@pytest.mark.parametrize(
    "text", ["", "x", "0" * 84, "0" * 32 + "A" * 52, "0" * 32 + "a" * 51, "\u0660" * 32 + "a" * 52]
)
def test_what_is_no_token_leads_nowhere(text):
    assert links.read_token(text) is None


@pytest.mark.parametrize("text", ["4821-093512", "4821093512", " 4821 093512 ", "4821\u2013093512", "48 21-09 35 12"])
def test_a_code_is_read_however_it_is_typed(text):
    assert codes.read_code(text) == codes.Code("4821", "093512")


@pytest.mark.parametrize(
    "text",
    ["", "4821", "4821-09351", "4821-0935123", "482a-093512", "\u0661" * 10, "4821/093512", "-" * 40 + "4821093512"],
)
def test_what_is_no_code_is_none(text):
    assert codes.read_code(text) is None


def test_the_clinic_is_known_from_a_link_that_was_not_copied_whole():
    token, _ = links.new_token(CLINIC)

    assert [links.clinic_in(part) for part in (token, token[:40], token[:32])] == [CLINIC] * 3
    assert [links.clinic_in(part) for part in (token[:31], "", "nowhere")] == [None] * 3


def test_a_code_shows_itself_to_people_and_hides_its_secret_from_logs():
    code = codes.Code("0007", "000012")

    assert str(code) == "0007-000012"
    assert "000012" not in repr(code)


def test_new_codes_have_all_their_digits():
    assert all(re.fullmatch(r"\d{4}", codes.new_number()) for _ in range(50))
    assert all(re.fullmatch(r"\d{6}", codes.new_secret()) for _ in range(50))


def test_a_digest_fits_its_own_secret_alone():
    digest = codes.digest_of("093512")

    assert "093512" not in digest
    assert [codes.fits(digest, secret) for secret in ("093512", "093513")] == [True, False]


def test_a_digest_is_slow_and_nobodys_is_as_slow():
    parameters = [digest.split("$")[3] for digest in (codes.digest_of("093512"), codes.NOBODYS)]

    assert parameters == ["m=19456,t=2,p=1"] * 2


def test_what_is_no_digest_fits_nothing():
    assert not codes.fits("", "093512")
