"""What the tour asks of curl, for machines without it: a fresh Debian has none."""

import argparse
import sys
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen


def main() -> None:
    asked = _read(sys.argv[1:])
    headers = dict(header.split(": ", 1) for header in asked.headers)
    address = asked.address
    if asked.query:
        name, _, value = asked.query.partition("=")
        address += f"?{name}={quote(value)}"
    body = None if asked.data is None else asked.data.encode()
    request = Request(address, body, headers, method=asked.method)  # noqa: S310 # the tour's own address
    try:
        answer = urlopen(request)  # noqa: S310 # as above
    except HTTPError as refusal:
        answer = refusal
    if asked.include:
        print(f"HTTP/1.1 {answer.status} {answer.reason}\r\n{answer.headers}".strip(), end="\r\n\r\n")
    sys.stdout.flush()
    sys.stdout.buffer.write(answer.read())


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("address")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-S", action="store_true")
    parser.add_argument("-G", action="store_true")
    parser.add_argument("-i", dest="include", action="store_true")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("-X", dest="method")
    parser.add_argument("--data-urlencode", dest="query")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
