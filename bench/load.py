"""Light clients in a process of their own: `python -m bench.load PORT TOKEN CLIENTS` books each proposal it reads.

Prints the answers by status and the seconds they took, after everyone has connected.
"""

import json
import sys
import threading
from collections import Counter
from http.client import HTTPConnection
from time import perf_counter
from typing import Any
from uuid import uuid4


def main(port: str, token: str, clients: str) -> None:
    proposals = sys.stdin.readline().split()
    number = int(clients)
    ready = threading.Barrier(number + 1)
    seen: Counter[int] = Counter()
    shares = [proposals[first::number] for first in range(number)]
    threads = [threading.Thread(target=_client, args=(int(port), token, share, ready, seen)) for share in shares]
    for thread in threads:
        thread.start()
    ready.wait()
    print("ready", flush=True)
    sys.stdin.readline()  # the word to begin
    begun = perf_counter()
    ready.wait()
    for thread in threads:
        thread.join()
    print(json.dumps({"seconds": perf_counter() - begun, "statuses": seen}))


def _client(port: int, token: str, proposals: list[str], ready: Any, seen: Counter[int]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    signed_in = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    ready.wait()
    ready.wait()
    for proposal in proposals:
        headers = signed_in | {"Idempotency-Key": uuid4().hex}
        connection.request("POST", "/api/v1/series", json.dumps({"proposal": proposal}), headers)
        answer = connection.getresponse()
        answer.read()
        seen[answer.status] += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
