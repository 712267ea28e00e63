"""The rules as data: ranks, bans, limits, and the exceptions with their reasons."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

# A folder of src/ may include from folders of a lower rank and from itself, never from an equal one.
RANKS = {
    "base": 0,
    "model": 1,
    "env": 2, "config": 2, "kafka/protocol": 2,
    "log": 3, "kv": 3, "replication": 3, "kafka/client": 3,
    "tablet": 4, "cluster": 4,
    "shard": 5,
    "coordinator": 6, "door": 6,
    "kafka/server": 7, "http": 7, "resp": 7,
    "app": 8, "sim": 8,
}

FILE_LINES_MAX = 1000
COLUMNS_MAX = 130


class Ban(NamedTuple):
    """Code (comments and texts taken out) outside `homes` does not match `pattern`."""

    name: str
    pattern: re.Pattern[str]
    homes: tuple[str, ...]
    why: str
    in_tests: bool  # whether tests may


def _ban(name: str, pattern: str, homes: tuple[str, ...], why: str, in_tests: bool = False) -> Ban:
    return Ban(name, re.compile(pattern), homes, why, in_tests)


_SYSTEM_CALLS = (
    "open|openat|creat|close|read|pread|preadv2?|readv|write|pwrite|pwritev2?|writev|fsync|fdatasync|sync_file_range"
    "|ftruncate|truncate|fallocate|posix_fallocate|posix_fadvise|mmap|munmap|ioctl|fcntl|dup2?|pipe2?|flock|lockf"
    "|unlink|unlinkat|rename|renameat|mkdir|rmdir|stat|fstat|lstat|statvfs"
    "|socket|bind|listen|accept4?|connect|send|sendmsg|recv|recvmsg|poll|epoll_\\w+|select"
    "|fork|kill|getpid|signal|sigaction|sleep|usleep|nanosleep|clock_gettime|gettimeofday|time"
)
_ENV = ("src/env/",)
_OUTSIDE = "the world outside the process is reached through env/ alone, so that everything above can be simulated"

BANS = [
    _ban("clock", r"std::chrono::\w*clock\b|(?:system|steady)_clock\s*::\s*now|\bclock_gettime\b|\bgettimeofday\b",
         _ENV, _OUTSIDE),
    _ban("thread", r"std::(?:j?thread|this_thread|async|future|promise|barrier|latch|counting_semaphore|binary_semaphore)\b",
         _ENV, _OUTSIDE),
    _ban("lock", r"std::(?:recursive_|timed_|shared_|recursive_timed_)?mutex\b|std::(?:lock_guard|unique_lock|scoped_lock"
         r"|shared_lock|call_once|condition_variable)\b|\bpthread_\w+",
         _ENV, "a tablet has one owner; nothing above env/ waits for a lock"),
    _ban("system header", r"#\s*include\s*<(?:unistd\.h|fcntl\.h|poll\.h|pthread\.h|netdb\.h|dirent\.h|sys/[^>]*|netinet/[^>]*"
         r"|arpa/[^>]*|linux/[^>]*)>",
         _ENV, _OUTSIDE, in_tests=True),
    _ban("thread header",
         r"#\s*include\s*<(?:thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token)>",
         _ENV, _OUTSIDE),
    _ban("system call", rf"(?<![\w>:])::(?:{_SYSTEM_CALLS})\s*\(", _ENV, _OUTSIDE, in_tests=True),
    _ban("files of the standard library",
         r"#\s*include\s*<(?:fstream|filesystem)>|std::(?:filesystem|[io]?fstream)\b|\bf(?:open|write|read)\s*\(",
         _ENV, _OUTSIDE, in_tests=True),
    _ban("randomness", r"(?<![\w.>:])s?rand\s*\(|std::s?rand\b|::random\s*\(|random_device|std::mt19937",
         _ENV, "a run is repeatable from its seed"),
    _ban("environment variable", r"\b(?:secure_)?getenv\s*\(|\bsetenv\s*\(",
         ("src/env/", "src/app/", "src/base/planted_fault.cc"), "settings come from the option table", in_tests=True),
    _ban("order by address", r"std::hash<[^<>]*\*\s*>|\b(?:map|set)<\s*(?:const\s+)?[\w:]+\s*(?:const\s*)?\*",
         (), "addresses differ from run to run"),
    _ban("Boost.Asio", r"#\s*include\s*<boost/asio|\bboost::asio\b", _ENV, "one place knows the event loop"),
    _ban("Boost.Beast", r"#\s*include\s*<boost/beast", ("src/http/", "src/cluster/"), "it compiles slowly"),
    _ban("io_uring", r"#\s*include\s*<liburing|\bio_uring_\w+\s*\(", _ENV, "one place knows the disk"),
    _ban("RocksDB", r"#\s*include\s*[<\"]rocksdb/|\brocksdb::",
         ("src/kv/", "src/cluster/"), "the log is the store; RocksDB is behind two seams"),
    _ban("CLI11", r"#\s*include\s*<CLI/|\bCLI::", ("src/app/",), "the command line is the program's business"),
    _ban("toml++", r"#\s*include\s*<toml\+\+|\btoml::", ("src/config/",), "configuration is read in one place"),
    _ban("spdlog", r"#\s*include\s*<spdlog|\bspdlog::", ("src/base/",), "everything logs through base/logging.h"),
    _ban("console", r"#\s*include\s*<iostream>|std::(?:cout|cerr|clog)\b",
         ("src/app/",), "libraries log, the program speaks", in_tests=True),
]

# (start of a path, name of a ban): why it may.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("src/app/console.cc", "system header"): "the terminal, pipe or file that the program speaks to",
    ("src/app/console.cc", "files of the standard library"): "the terminal, pipe or file that the program speaks to",
    ("src/app/standard_input.cc", "system header"): "what is given to a command",
    ("src/app/standard_input.cc", "system call"): "what is given to a command; read on a worker thread",
    ("src/app/serve_options.cc", "files of the standard library"): "reads the configuration file before there is a world",
    ("src/app/help_formatter.h", "order by address"): "looked up only; never walked",
    ("src/app/console_test.cc", "system header"): "gives a child process an output that fails",
    ("src/app/console_test.cc", "system call"): "gives a child process an output that fails",
    ("src/config/server_options.cc", "order by address"): "membership only; never walked",
    ("src/env/testing/sim_disk.h", "order by address"): "membership only; never walked",
}

# A script that no page and no other script mentions, and why it may stay.
UNMENTIONED_SCRIPTS: dict[str, str] = {}

# Paths that exist on one machine only. The parts are joined here so that this file passes its own test.
MACHINE_PATHS = re.compile("|".join(rf"(?<![\w.$}})*-])/{start}" for start in (
    "wor" + "k/", "hom" + "e/[a-z]", "roo" + "t/", "User" + "s/[a-z]", "tm" + "p/cla" + "ude")))
# Names that have no place in this repository; spelled 13 letters on, so that this file passes its own test.
FOREIGN_WORDS = re.compile(r"(?i)\b(?:" + "|".join(codecs.decode(word, "rot13") for word in (
    "pynhqr", "naguebcvp", "bcranv", "pungtcg", "pbcvybg", "fhontrag", "yyz", "nv-trarengrq")) + r")\b")
