"""The HTTP door against requests that no honest client sends: the right status, one error, nothing written, memory bounded."""

from __future__ import annotations

import contextlib
import json
import socket
import time
import unittest

from support.cases import ServerCase
from support.http import Client, answers_in, exchange, plain_socket, receive_all

BODY = b'{"topic":"untouched","value":"smuggled"}'
CLOSE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def post(fields: bytes, body: bytes = BODY, target: bytes = b"/append", version: bytes = b"HTTP/1.1") -> bytes:
    return b"POST %s %s\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n%s" % (target, version, fields, body)


def length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n" % len(body)


class HostileHttpTest(ServerCase):
    speaks_http = True
    settings = {"http.request_max_ms": "1s", "http.stalled_answer_max_ms": "1s", "http.body_bytes_max": "256KiB",
                "http.connections_idle_max_ms": "60s"}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        client = Client(cls.server.http_address)
        assert client.ask("PUT", "/topics/untouched").status == 201
        client.close()

    def tearDown(self) -> None:
        self.server.assert_alive()
        self.assertEqual(self.watermarks("untouched"), (0, 0), "something was written")

    def refused(self, request: bytes, status: int, code: str | None = None) -> None:
        """One answer with an error, and the end of the connection."""
        answers = exchange(self.server.http_address, request)
        self.assertEqual([answer.status for answer in answers], [status], (request[:200], answers))
        if code is not None:
            self.assertEqual(answers[0].code, code)
        self.assertEqual(answers[0].fields.get("connection"), "close")

    def refused_and_kept(self, request: bytes, status: int, code: str) -> None:
        """One answer with an error; the connection goes on."""
        answers = exchange(self.server.http_address, request + CLOSE)
        self.assertEqual([answer.status for answer in answers], [status, 200], (request[:200], answers))
        self.assertEqual(answers[0].code, code)

    def test_requests_that_could_be_read_in_two_ways_are_refused(self) -> None:
        hidden = post(length(BODY))
        chunked = b"Transfer-Encoding: chunked\r\n"
        for fields in (b"Content-Length: 0\r\n" + length(BODY), length(BODY) + b"Content-Length: 0\r\n", length(BODY) * 2,
                       b"Content-Length: 0, 0\r\n", b"Content-Length: +0\r\n", b"Content-Length: 0x0\r\n",
                       b"Content-Length: \r\n", b"Content-Length: -1\r\n", b"Content-Length : 0\r\n",
                       b"Content-Length\x00: 0\r\n",
                       length(BODY) + chunked, chunked + length(BODY), chunked * 2, b"Transfer-Encoding : chunked\r\n",
                       b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding: identity\r\n",
                       b"Transfer-Encoding:\x0bchunked\r\n", b"Transfer-Encoding: xchunked\r\n",
                       b"X: y\r\n Transfer-Encoding: chunked\r\n",
                       b"X: y\nContent-Length: 0\r\n", b"X: y\rContent-Length: 0\r\n",
                       b"Host: other\r\n" + length(BODY), b"\xff: 1\r\n"):
            self.refused(post(fields, hidden), 400)
        for request in (b"GET / HTTP/1.1\n\n", b"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", b"GET /\r\n\r\n", b"\x00" * 10 + b"\n",
                        b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\n",
                        b"GET http://other/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        post(chunked, b"0\r\n\r\n", version=b"HTTP/1.0")):
            self.refused(request + hidden, 400)
        self.refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "unsupported_version")

    def test_chunks_that_could_be_read_in_two_ways_are_refused(self) -> None:
        size = b"%x" % len(BODY)
        for body in (size + b"\n" + BODY + b"\r\n0\r\n\r\n", b"+" + size + b"\r\n", b"0x" + size + b"\r\n", size + b" \r\n",
                     b"-1\r\n", b"fffffffff\r\n", b";a\r\n", size + b"\r\n" + BODY + b"0\r\n\r\n", b"g\r\n",
                     size + b"\r\n" + BODY + b"\n0\r\n\r\n", size + b";\x0b\r\n", b"1\r\n" + BODY, b"x" * 2000):
            self.refused(post(b"Transfer-Encoding: chunked\r\n", body), 400)
        self.refused(post(b"Transfer-Encoding: chunked\r\n", b"ffffffff\r\n"), 413, "body_too_large")

    def test_what_is_too_large_is_refused(self) -> None:
        self.refused(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431, "head_too_large")
        self.refused(b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n", 414, "target_too_long")
        self.refused(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5000, 431)
        self.refused(post(b"Content-Length: 300000\r\n", b""), 413, "body_too_large")
        self.refused(post(b"Content-Length: 300000\r\nExpect: 100-continue\r\n", b""), 413, "body_too_large")
        self.refused(post(b"Content-Length: 18446744073709551616\r\n", b""), 400)
        piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        self.refused(post(b"Transfer-Encoding: chunked\r\n", piece * 20), 413, "body_too_large")

    def test_bodies_that_mean_nothing_are_refused_and_the_connection_goes_on(self) -> None:
        for body in (b"", b"{", b"null", b"[]", b'"x"', b"{}", BODY + b"x", b'{"value":1}',
                     b'{"value":"a","vaule":"b"}',
                     b'{"value":"\xff"}', b'{"value":"\\ud800"}', b"[" * 100_000, b'{"value":' + b"[" * 10_000, b'{"a":' * 10_000,
                     b'{"value":"!!!","encoding":"base64"}', b'{"value":"QQ","encoding":"base64"}',
                     b'{"value":"QR==","encoding":"base64"}', b'{"value":"a","partition":1.5}', b'{"value":"a","partition":-1}',
                     b'{"value":"a","timestamp":"now"}', b'{"value":"a","headers":[{}]}', b'{"value":"a","topic":7}'):
            self.refused_and_kept(post(length(body), body), 400, "invalid_body")
        many = b'{"records":[' + b"{}," * 80_000 + b"{}]}"
        answers = exchange(self.server.http_address, post(length(many), many, b"/topics/untouched/records") + CLOSE)
        self.assertIn(answers[0].status, (400, 413))

    def test_what_is_not_there_is_told(self) -> None:
        records = b'{"records":[{"value":"a"},{"value":"b","partition":7}]}'
        self.refused_and_kept(post(length(records), records, b"/topics/untouched/records"), 404, "unknown_partition")
        wrong_name = b'{"topic":"../etc","value":"a"}'
        self.refused_and_kept(post(length(wrong_name), wrong_name), 400, "invalid_topic_name")
        for target, status, code in ((b"/topics/nix", 404, "unknown_topic"), (b"/read?topic=nix", 404, "unknown_topic"),
                                     (b"/read?topic=untouched&partition=1", 404, "unknown_partition"),
                                     (b"/read?topic=untouched&offset=1", 416, "offset_out_of_range"),
                                     (b"/read?topic=untouched&offset=99999999999999999999", 400, "invalid_parameter"),
                                     (b"/read?topic=untouched&offset=9223372036854775807", 416, "offset_out_of_range"),
                                     (b"/read?topic=untouched&max_bytes=x", 400, "invalid_parameter"),
                                     (b"/read?offst=1", 400, "unknown_parameter"), (b"/%zz", 400, "bad_target"),
                                     (b"/topics/%00", 404, "unknown_topic"), (b"/../../etc/passwd", 404, "unknown_path")):
            self.refused_and_kept(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % target, status, code)

    def test_methods_and_types_are_those_that_are_served(self) -> None:
        answer = exchange(self.server.http_address, b"PATCH /topics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")[0]
        self.assertEqual((answer.status, answer.fields["allow"]), (405, "GET, HEAD, POST"))
        for fields in (length(BODY), b"Content-Type: text/plain\r\n" + length(BODY)):
            self.refused(b"POST /append HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n" + BODY, 415)
        self.refused_and_kept(b"POST /append HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n", 411,
                              "length_required")
        self.refused(post(length(BODY) + b"Expect: something\r\n"), 417)

    def test_pages_of_other_sites_write_nothing(self) -> None:
        for fields in (b"Origin: http://evil.example\r\n", b"Origin: null\r\n", b"Origin: http://localhost:1\r\n"):
            self.refused(post(fields + length(BODY)), 403, "foreign_origin")
        for host in (b"evil.example", b"evil.example:8080"):
            self.refused(post(length(BODY)).replace(b"localhost", host), 403, "unknown_host")
        preflight = exchange(self.server.http_address, b"OPTIONS /append HTTP/1.1\r\nHost: localhost\r\n"
                             b"Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n"
                             b"Connection: close\r\n\r\n")[0]
        self.assertEqual(preflight.status, 403)
        self.assertNotIn("access-control-allow-origin", preflight.fields)

    def test_clients_that_are_too_slow_are_given_up(self) -> None:
        for start in (b"GET / HT", post(b"")[:60], post(length(BODY), BODY[:-1]),
                      post(b"Transfer-Encoding: chunked\r\n", b"5\r\nab")):
            begun = time.monotonic()
            self.refused(start, 408, "request_timeout")
            self.assertLess(time.monotonic() - begun, 10)

    def test_a_request_that_drips_is_given_up_in_the_same_time(self) -> None:
        request = post(length(BODY), BODY[:-1])
        with plain_socket(self.server.http_address) as opened:
            begun = time.monotonic()
            with contextlib.suppress(OSError):
                for byte in request:
                    opened.sendall(bytes([byte]))
                    time.sleep(0.05)
            self.assertLess(time.monotonic() - begun, 10)
            self.assertEqual([answer.status for answer in answers_in(receive_all(opened))], [408])

    def test_a_client_that_does_not_read_is_cut_off(self) -> None:
        client = Client(self.server.http_address)
        self.addCleanup(client.close)
        client.ask("PUT", "/topics/unread")
        for _ in range(20):
            self.assertEqual(client.post("/append", {"topic": "unread", "value": "x" * 200_000}).status, 200)
        with socket.socket() as lazy:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            host, port = self.server.http_address.rsplit(":", 1)
            lazy.connect((host, int(port)))
            lazy.sendall(b"GET /read?topic=unread&max_bytes=8000000 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
            time.sleep(8)
            received = len(receive_all(lazy))
        self.assertLess(received, 8_000_000)

    def test_memory_stays_bounded_whatever_many_connections_leave_unfinished(self) -> None:
        before = self.server.memory_bytes()
        starts = (b"GET /" + b"x" * 8000, post(b"Content-Length: 262144\r\n", b"{" * 200_000),
                  post(b"Transfer-Encoding: chunked\r\n", b"20000\r\n" + b"{" * 100_000))
        highest = 0
        with contextlib.ExitStack() as all_open:
            for round_number in range(3):
                for number in range(150):
                    opened = all_open.enter_context(plain_socket(self.server.http_address))
                    opened.settimeout(0.2)
                    with contextlib.suppress(OSError):
                        opened.sendall(starts[number % len(starts)])
                highest = max(highest, self.server.memory_bytes())
        # 64 MiB for bodies that arrive, as much again for buffers that grow, and some.
        self.assertLess(highest - before, 300 << 20)
        self.assertEqual(json.loads(exchange(self.server.http_address, CLOSE)[0].body), {"status": "live"})


if __name__ == "__main__":
    unittest.main()
