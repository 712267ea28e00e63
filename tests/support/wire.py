"""Just enough of the Kafka protocol to say what no decent client says."""

from __future__ import annotations

import socket
import struct

PRODUCE, FETCH, LIST_OFFSETS, METADATA, API_VERSIONS = 0, 1, 2, 3, 18


def text(value: str) -> bytes:
    return struct.pack(">h", len(value.encode())) + value.encode()


def header(api: int, version: int, correlation: int = 1, client: str = "test") -> bytes:
    return struct.pack(">hhi", api, version, correlation) + text(client)


def framed(content: bytes) -> bytes:
    return struct.pack(">i", len(content)) + content


def produce_body(topic: str, batch: bytes, partition: int = 0, acks: int = -1, timeout_ms: int = 10_000) -> bytes:
    """Versions 3 to 8."""
    return (struct.pack(">hhi", -1, acks, timeout_ms) + struct.pack(">i", 1) + text(topic) + struct.pack(">i", 1)
            + struct.pack(">ii", partition, len(batch)) + batch)


def fetch_body(topic: str, offset: int, partition: int = 0, wait_ms: int = 100, min_bytes: int = 1,
               max_bytes: int = 1 << 20) -> bytes:
    """Version 4."""
    return (struct.pack(">iiiib", -1, wait_ms, min_bytes, max_bytes, 0) + struct.pack(">i", 1) + text(topic)
            + struct.pack(">i", 1) + struct.pack(">iqi", partition, offset, max_bytes))


def metadata_body(topic: str) -> bytes:
    """Version 1."""
    return struct.pack(">i", 1) + text(topic)


class Connection:
    """One connection to a server; every wait has an end."""

    def __init__(self, port: int, timeout_s: float = 15) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def _receive(self, count: int) -> bytes | None:
        content = b""
        while len(content) < count:
            try:
                part = self._socket.recv(count - len(content))
            except ConnectionError:
                return None
            if not part:
                return None
            content += part
        return content

    def answer(self) -> bytes | None:
        """The next answer without length and correlation id; nothing when the connection was closed instead."""
        size = self._receive(4)
        content = None if size is None else self._receive(struct.unpack(">i", size)[0])
        return None if content is None else content[4:]

    def ask(self, api: int, version: int, body: bytes) -> bytes | None:
        self.send(framed(header(api, version) + body))
        return self.answer()

    def produce(self, topic: str, batch: bytes, partition: int = 0, acks: int = -1) -> tuple[int, int] | None:
        """Error code and base offset; nothing when the connection was closed instead."""
        content = self.ask(PRODUCE, 3, produce_body(topic, batch, partition, acks))
        if content is None:
            return None
        code, offset = struct.unpack_from(">hq", content, 4 + 2 + len(topic.encode()) + 4 + 4)
        return code, offset

    def fetch(self, topic: str, offset: int, partition: int = 0, wait_ms: int = 100,
              min_bytes: int = 1) -> tuple[int, int, bytes]:
        """Error code, high watermark and the batches."""
        content = self.ask(FETCH, 4, fetch_body(topic, offset, partition, wait_ms, min_bytes))
        assert content is not None, "the connection was closed"
        at = 4 + 4 + 2 + len(topic.encode()) + 4 + 4
        code, high, _, aborted = struct.unpack_from(">hqqi", content, at)
        at += 22 + max(aborted, 0) * 16
        size = struct.unpack_from(">i", content, at)[0]
        return code, high, content[at + 4:at + 4 + max(size, 0)]
