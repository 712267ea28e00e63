"""HTTP as clients speak it: requests with the standard library, and bytes over a plain socket."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

WITHIN_S = 20


class Answer(NamedTuple):
    status: int
    fields: dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of the error; every error has this shape and no other."""
        error = self.json()
        assert list(error) == ["error"] and list(error["error"]) == ["code", "message"], error
        assert error["error"]["message"], error
        return error["error"]["code"]


class Client:
    """One keep-alive connection."""

    def __init__(self, address: str) -> None:
        self.connection = http.client.HTTPConnection(address, timeout=WITHIN_S)

    def ask(self, method: str, path: str, body: Any = None, **fields: str) -> Answer:
        """A body that is not bytes goes as JSON."""
        sent = {name.replace("_", "-"): value for name, value in fields.items()}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def get(self, path: str, **fields: str) -> Answer:
        return self.ask("GET", path, **fields)

    def post(self, path: str, body: Any, **fields: str) -> Answer:
        return self.ask("POST", path, body, **fields)

    def close(self) -> None:
        self.connection.close()


@contextlib.contextmanager
def plain_socket(address: str) -> Iterator[socket.socket]:
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=WITHIN_S) as opened:
        yield opened


def receive_all(opened: socket.socket, within_s: float = WITHIN_S) -> bytes:
    """Until the server closes."""
    received = b""
    end = time.monotonic() + within_s
    while True:
        opened.settimeout(max(0.01, end - time.monotonic()))
        try:
            piece = opened.recv(1 << 16)
        except ConnectionResetError:
            return received
        if not piece:
            return received
        received += piece


def answers_in(received: bytes) -> list[Answer]:
    """All answers, which must be whole and have a Content-Length."""
    found = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        assert end, received
        lines = head.decode().split("\r\n")
        status = re.fullmatch(r"HTTP/1\.1 (\d{3}) .+", lines[0])
        assert status, lines[0]
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        length = int(fields.get("content-length", 0))
        assert len(rest) >= length, received
        found.append(Answer(int(status[1]), fields, rest[:length]))
        received = rest[length:]
    return found


def exchange(address: str, request: bytes, within_s: float = WITHIN_S) -> list[Answer]:
    """What a server answers to these bytes before it closes. The end of `request` must make it close."""
    with plain_socket(address) as opened:
        opened.sendall(request)
        return answers_in(receive_all(opened, within_s))
