"""The server against its own description, docs/openapi.yaml, by generated requests: schemathesis, if it can be had."""

from __future__ import annotations

import subprocess
import unittest

from support.cases import ServerCase
from support.http import Client
from support.server import REPOSITORY

CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
          "response_schema_conformance,negative_data_rejection,unsupported_method,allow_header_conformance")


class HttpSchemaTest(ServerCase):
    speaks_http = True
    settings = {"topics.partitions_per_topic_max": "8", "http.read_wait_max_ms": "100ms"}

    def test_generated_requests_get_answers_of_the_description(self) -> None:
        found = subprocess.run([REPOSITORY / "tools" / "schemathesis"], capture_output=True, text=True, timeout=200)
        if found.returncode != 0:
            self.skipTest(found.stderr.strip())
        client = Client(self.server.http_address)
        self.assertEqual(client.ask("PUT", "/topics/default").status, 201)
        client.close()
        command = [found.stdout.strip(), "run", f"http://{self.server.http_address}/openapi.yaml", "--checks", CHECKS,
                   "--phases", "coverage,fuzzing", "--max-examples", "10", "--request-timeout", "10", "--seed", "1",
                   "--continue-on-failure", "--no-color"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=280, cwd=self.server.data.parent)
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])


if __name__ == "__main__":
    unittest.main()
