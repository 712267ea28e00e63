"""A server whose Redis door is open, and Redis' own clients for it."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
from typing import Any

from support.cases import WITHIN_S, ServerCase, require


class RespCase(ServerCase):
    speaks_resp = True

    @property
    def resp_port(self) -> int:
        assert self.server.resp_address is not None
        return int(self.server.resp_address.rsplit(":", 1)[1])

    def redis(self, **arguments: Any) -> Any:
        require(importlib.util.find_spec("redis") is not None, "python3-redis is not there")
        import redis
        client = redis.Redis(port=self.resp_port, socket_timeout=WITHIN_S, **arguments)
        self.addCleanup(client.close)
        return client

    def cli(self, *arguments: str, stdin: str = "") -> str:
        require(shutil.which("redis-cli") is not None, "redis-cli is not there")
        done = subprocess.run(["redis-cli", "-p", str(self.resp_port), *arguments], input=stdin, capture_output=True, text=True,
                              timeout=WITHIN_S, check=False)
        return done.stdout.rstrip("\n")

    def raw(self, request: bytes) -> bytes:
        """What is answered to `request` until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.resp_port), timeout=WITHIN_S) as connection:
            connection.sendall(request)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            return answer
