"""The servers that are compared: how each is started, configured and stopped, and what its acknowledgement means."""

from __future__ import annotations

import base64
import os
import pathlib
import re
import shutil
import subprocess
import time

from comparing.processes import Failed, Missing, Process, free_port, listens, program

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "build" / "peers"
WARM_UP_S = 5
FILL_S = 2


class Server:
    """One at a time runs, on a new directory. `setup` raises Missing where this machine has not got it."""

    key = ""
    name = ""
    note = ""
    protocol = "kafka"
    acknowledges = ""
    loads: tuple[str, ...] = ("small", "single", "many", "tail", "bulk", "read")

    def __init__(self, tools: "Tools") -> None:
        self.tools = tools
        self.version = ""
        self.port = 0
        self._process: Process | None = None

    @property
    def title(self) -> str:
        return f"{self.name}, {self.note}" if self.note else self.name

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def setup(self) -> None:
        raise NotImplementedError

    def start(self, directory: pathlib.Path) -> None:
        raise NotImplementedError

    def create(self, name: str, targets: int) -> None:
        """A topic of so many partitions, or so many streams."""

    def launch(self, command: list[str], directory: pathlib.Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._process = Process(command, directory / "server.log", directory)
        self._process.wait_ready(lambda: listens(self.port))

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None


class Tools:
    """The load generator, and our own program, which makes topics on any broker of Kafka's protocol."""

    def __init__(self, work: pathlib.Path, binary: pathlib.Path, limits: pathlib.Path) -> None:
        self.work, self.binary, self.limits = work, binary, limits
        self.load = work / "load"

    def build(self) -> None:
        if not self.binary.exists():
            raise Missing(f"{self.binary} is not there; tools/build makes it")
        compiler = shutil.which("clang-19") or program("cc", "apt-get install clang-19")
        sources = sorted((ROOT / "bench" / "load").glob("*.c"))
        subprocess.run([compiler, "-std=gnu17", "-O2", "-o", self.load, *sources], check=True)

    def run_load(self, server: Server, kind: str, name: str, *options: object) -> str:
        done = subprocess.run([self.load, server.protocol, kind, server.address, name, *map(str, options)], capture_output=True,
                              text=True, timeout=600)
        if done.returncode != 0:
            raise Failed(f"load {kind}: {(done.stderr or done.stdout).strip()[-500:]}")
        return done.stdout

    def create_topic(self, server: Server, name: str, partitions: int, *settings: str) -> None:
        done = subprocess.run([self.binary, "topic", "create", name, "--partitions", str(partitions), "--server", server.address,
                               *(f"--config={one}" for one in settings)], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Failed(f"topic {name}: {done.stderr.strip()[-500:]}")


class Floor(Server):
    key = "floor"
    name = "the floor"
    acknowledges = "durable: one thread that checks, writes and answers, and does nothing else of a broker"
    loads = ("small", "single", "many", "bulk")

    def setup(self) -> None:
        source = self.tools.limits / "produce_floor.cc"
        if not source.exists():
            raise Missing(f"{source} is not there; --limits names its folder")
        compiler = program("clang++-19", "apt-get install clang-19")
        built = subprocess.run([compiler, "-std=c++23", "-O2", "-march=x86-64-v2", "-o", self.tools.work / "floor", source,
                                "-luring", "-lisal"], capture_output=True, text=True)
        if built.returncode != 0:
            raise Missing(f"{source} does not compile (apt-get install liburing-dev libisal-dev): {built.stderr[-300:]}")

    def start(self, directory: pathlib.Path) -> None:
        self.port = free_port()
        self.launch([str(self.tools.work / "floor"), str(self.port), "journal"], directory)


class Logstore(Server):
    key = "logstore"
    name = "logstore"
    acknowledges = "durable: written and flushed before the acknowledgement; it has no other setting"

    def setup(self) -> None:
        said = subprocess.run([self.tools.binary, "--version"], capture_output=True, text=True, check=True).stdout
        self.version = said.split()[1]

    def start(self, directory: pathlib.Path) -> None:
        self.port = free_port()
        self.launch([str(self.tools.binary), "serve", "--data-dir", "data", "--kafka", self.address], directory)

    def create(self, name: str, targets: int) -> None:
        self.tools.create_topic(self, name, targets)


class Kafka(Server):
    key = "kafka"
    name = "Kafka"
    acknowledges = "not durable alone: acknowledged from memory, flushed later by the system (its default; it relies on replicas)"
    settings: tuple[str, ...] = ()

    def setup(self) -> None:
        found = sorted(PEERS.glob("kafka-*/complete"))
        if not found:
            raise Missing("it is not in build/peers; bench/peers kafka gets it")
        self.java = program("java", "apt-get install default-jre-headless")
        self.libraries = found[-1].parent / "libs"
        self.version = found[-1].parent.name.removeprefix("kafka-")

    def command(self, main: str, *arguments: str) -> list[str]:
        # The settings of the scripts that Kafka comes with.
        machine = ["-server", "-Xmx2g", "-Xms2g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:+ExplicitGCInvokesConcurrent",
                   "-XX:InitiatingHeapOccupancyPercent=35", "-Djava.awt.headless=true"]
        return [self.java, *machine, "-cp", f"{self.libraries}/*", main, *arguments]

    def start(self, directory: pathlib.Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port, controller = free_port(), free_port()
        (directory / "server.properties").write_text(f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://{self.address}
controller.listener.names=CONTROLLER
log.dirs={directory}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
auto.create.topics.enable=false
""")
        cluster = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        formatting = self.command("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", "server.properties")
        formatted = subprocess.run(formatting, cwd=directory, capture_output=True, text=True)
        if formatted.returncode != 0:
            raise Failed(f"format: {formatted.stderr.strip()[-500:]}")
        self.launch(self.command("kafka.Kafka", "server.properties"), directory)
        self.wait_for_controller()
        # A Java machine compiles what it finds to be used often.
        self.create("warm", 4)
        self.tools.run_load(self, "append", "warm", "-c", 100, "-p", 4, "-t", WARM_UP_S * 2 / 3, "-w", 0)
        self.tools.run_load(self, "append", "warm", "-c", 4, "-d", 4, "-b", 560, "-p", 4, "-t", WARM_UP_S / 3, "-w", 0)

    def wait_for_controller(self) -> None:
        """Its port is open some time before it takes topics."""
        end = time.monotonic() + 30
        while True:
            try:
                return self.create("first", 1)
            except Failed:
                if time.monotonic() > end:
                    raise
                time.sleep(0.3)

    def create(self, name: str, targets: int) -> None:
        self.tools.create_topic(self, name, targets, *self.settings)


class FlushingKafka(Kafka):
    key = "kafka-fsync"
    note = "flush.messages=1"
    acknowledges = "durable: fsync before each acknowledgement (`flush.messages=1`)"
    settings = ("flush.messages=1",)


class Redis(Server):
    key = "redis"
    name = "Redis Streams"
    protocol = "redis"
    acknowledges = "durable: fsync before the answers of each turn of its loop (`appendfsync always`)"

    def setup(self) -> None:
        self.program = program("redis-server", "bench/peers redis gets it")
        said = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True).stdout
        self.version = re.search(r"v=(\S+)", said)[1]

    def serve(self, directory: pathlib.Path, fsync: str) -> None:
        self.launch([self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", "",
                     "--appendonly", "yes", "--appendfsync", fsync, "--maxclients", "10000"], directory)

    def start(self, directory: pathlib.Path) -> None:
        self.port = free_port()
        # What is read later is written without flushing, which is not measured and would take its time.
        self.serve(directory, "no")
        self.tools.run_load(self, "append", "bulk-read", "-c", 4, "-d", 4, "-b", 560, "-p", 4, "-t", FILL_S)
        self.stop()
        self.serve(directory, "always")
        # It listens before it has read its file, and answers that it is loading.
        self._process.wait_ready(lambda: "Ready to accept" in self._process.said().rsplit("Server initialized", 1)[-1])


class Nats(Server):
    key = "nats"
    name = "NATS JetStream"
    protocol = "nats"
    acknowledges = "durable: fsync of each message (`sync_interval: always`)"

    def setup(self) -> None:
        found = sorted(PEERS.glob("nats-*/nats-server"))
        if not found:
            raise Missing("it is not in build/peers; bench/peers nats gets it")
        self.program = found[-1]
        self.version = found[-1].parent.name.removeprefix("nats-v")

    def serve(self, directory: pathlib.Path, sync_interval: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "nats.conf").write_text(f'listen: "{self.address}"\njetstream {{ store_dir: "{directory}/data", '
                                             f'sync_interval: {sync_interval}, max_file: 64GB }}\n')
        self.launch([str(self.program), "-c", "nats.conf"], directory)

    def start(self, directory: pathlib.Path) -> None:
        self.port = free_port()
        # As with Redis.
        self.serve(directory, "2m")
        self.create("bulk-read", 4)
        self.tools.run_load(self, "append", "bulk-read", "-c", 4, "-d", 4, "-b", 560, "-p", 4, "-t", FILL_S)
        self.stop()
        self.serve(directory, "always")

    def create(self, name: str, targets: int) -> None:
        self.tools.run_load(self, "create", name, "-p", targets)


ALL = (Floor, Logstore, Kafka, FlushingKafka, Redis, Nats)
