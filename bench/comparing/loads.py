"""What is measured of each server."""

from __future__ import annotations

import json
from dataclasses import dataclass

from comparing.servers import Server

Figures = dict[str, float]
BATCH = 560  # records of 100 bytes that make a batch of 64 KiB


@dataclass(frozen=True)
class Load:
    key: str
    title: str
    meaning: str
    kind: str
    topic: str
    targets: int
    options: tuple[object, ...]
    main: str  # the figure that servers are compared by
    unit: str

    def run(self, server: Server, seconds: float) -> Figures:
        topic = self.topic
        # Redis and NATS have something else to read than what the load before wrote (servers.py says why).
        if self.kind == "read" and server.protocol != "kafka":
            topic = "bulk-read"
        elif self.kind != "read" and server.key != "floor":
            server.create(topic, self.targets)
        time = 600 if self.kind == "read" else seconds
        said = server.tools.run_load(server, self.kind, topic, "-p", self.targets, "-t", time, *self.options)
        return json.loads(said)


RATE = ("requests_per_second", "records/s")  # of requests with one record each
BYTES = ("megabytes_per_second", "MB/s")
ALL = (
    Load("small", "100 connections",
         "100 connections, one record of 100 bytes a request, the next one after the acknowledgement",
         "append", "small", 1, ("-c", 100), *RATE),
    Load("single", "1 connection", "the same on one connection", "append", "single", 1, (), *RATE),
    Load("many", "1,000 connections, 1,000 partitions",
         "the same on 1,000 connections, each visiting 1,000 partitions (streams) in turn",
         "append", "many", 1000, ("-c", 1000), *RATE),
    Load("tail", "end to end, 500 records/s",
         "from a producer that sends 500 records of 100 bytes a second to a consumer that waits",
         "tail", "tail", 1, ("-r", 500), "p99_us", "ms"),
    Load("bulk", "bulk",
         f"4 connections, 4 requests in flight on each, batches of {BATCH} records of 100 bytes (64 KiB), 4 partitions (streams)",
         "append", "bulk", 4, ("-c", 4, "-d", 4, "-b", BATCH), *BYTES),
    Load("read", "reading", "all of 4 partitions (streams) of such records from their beginning, a connection for each",
         "read", "bulk", 4, (), *BYTES),
)
