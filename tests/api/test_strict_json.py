"""Bodies that two parsers could read differently, or no database could keep."""

import json
import time

import pytest

from api import strict_json
from scheduler.actors import Role
from scheduler.errors import Malformed

MALFORMED = {
    "nothing": b"",
    "not JSON": b"{name: 1}",
    "more behind it": b"{} {}",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "one member twice": b'{"a": 1, "a": 2}',
    "one member twice, deep inside": b'{"a": [{"b": 1, "b": 2}]}',
    "nested too deep": b"[" * 33 + b"]" * 33,
    "nested far too deep": b"[" * 100_000,
    "nested too deep behind a bracket in a string": b'["[", ' + b"[" * 32 + b"]" * 33,
    "too large an integer": b'{"a": 9007199254740992}',
    "far too large an integer": b'{"a": ' + b"9" * 5_000 + b"}",
    "too large a fraction": b'{"a": 1e400}',
    "too long a fraction": b'{"a": 0.' + b"1" * 50 + b"}",
    "NUL": b'{"a": "x\\u0000"}',
    "NUL in a name": b'{"x\\u0000": 1}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "half a surrogate pair in a list": b'["\\udc00"]',
    "not UTF-8": b'{"a": "\xff"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a control character": b'{"a": "\x01"}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_is_malformed(body):
    with pytest.raises(Malformed):
        strict_json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[" * 32 + b"]" * 32,
        b'"\\ud83d\\ude00"',
        b'{"a": -9007199254740991}',
        b'["[[[[", "\\"[", 1.5, null]',
        b'"\\\\u0000"',
    ],
)
def test_is_read_as_it_stands(body):
    assert strict_json.loads(body) == json.loads(body)


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_body_is_answered_with_400(as_, body):
    answer = as_(Role.SCHEDULER).send("POST", "/patients", body)

    assert answer.status_code == 400
    assert answer.json["type"] == "/problems/malformed"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_another_content_type_is_answered_with_415(as_, kind):
    answer = as_(Role.SCHEDULER).send("POST", "/patients", b"{}", kind)

    assert answer.status_code == 415


def test_a_charset_beside_the_content_type_is_fine(as_):
    answer = as_(Role.SCHEDULER).send("POST", "/patients", b"{}", "application/json; charset=utf-8")

    assert answer.status_code == 422


def test_too_large_a_body_is_answered_with_413(as_):
    answer = as_(Role.SCHEDULER).send("POST", "/patients", b'"' + b"x" * strict_json.MOST_BYTES + b'"')

    assert answer.status_code == 413
    assert answer.json["type"] == "/problems/request-entity-too-large"


HOSTILE = {
    "a string of quotes that never ends": b'"' + b'\\"' * (strict_json.MOST_BYTES // 2 - 1),
    "a string of backslashes that never ends": b'"' + b"\\\\" * (strict_json.MOST_BYTES // 2 - 1),
    "many strings": b'""' * (strict_json.MOST_BYTES // 2),
    "a number without end": b"9" * strict_json.MOST_BYTES,
    "a fraction without end": b"0." + b"9" * (strict_json.MOST_BYTES - 2),
    "one member very often": b"{" + b",".join([b'"a":1'] * (strict_json.MOST_BYTES // 6 - 1)) + b"}",
    "many members": b"{" + b",".join(b'"%d":1' % each for each in range(10**5, 10**5 + 23_000)) + b"}",
    "one long name": b'{"' + b"a" * (strict_json.MOST_BYTES - 6) + b'":1}',
    "brackets without end": b"[" * strict_json.MOST_BYTES,
    "many short lists": b"[" + b",".join([b"[]"] * (strict_json.MOST_BYTES // 3 - 1)) + b"]",
    "escapes deep inside": b"[" * 31 + b'{"' + b"\\u0041" * 43_000 + b'":"\\u0042"}' + b"]" * 31,
    "many texts deep inside": b"[" * 32 + b'"\\u0041"' + b',""' * 80_000 + b"]" * 32,
    "blanks": b" " * strict_json.MOST_BYTES,
}
MOST_CPU_SECONDS = 5
"""Linear work takes a tenth of one, more where the collector runs meanwhile; quadratic work takes minutes."""


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_largest_hostile_body_is_answered_soon(client, body):
    assert len(body) <= strict_json.MOST_BYTES
    begun = time.process_time()

    answer = client.send("POST", "/tokens", body)

    assert time.process_time() - begun < MOST_CPU_SECONDS
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"text"'])
def test_a_body_that_is_no_object_is_understood_but_wrong(as_, body):
    answer = as_(Role.SCHEDULER).send("POST", "/patients", body)

    assert answer.status_code == 422
    assert answer.json["errors"]
