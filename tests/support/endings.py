"""How a server may end by itself: with one line that says what failed, where and why, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

FAILED = 1  # exit codes
ERROR_LINE = re.compile(r"^\S+ error\s+(\w+: .*)$", re.M)
LAST_WORDS = ("storage: ", "serve: ")  # of a process that ends; others speak of what they could not read
# Sentences of errno, as the C library says them.
REASONS = ("Input/output error", "Read-only file system", "No space left on device", "Disk quota exceeded", "File too large",
           "Structure needs cleaning", "Cannot send after transport endpoint shutdown")


def error_lines(said: str) -> list[str]:
    return ERROR_LINE.findall(said)


def complaints_of_end(code: int, said: str, folder: str) -> Iterator[str]:
    """What is wrong with an end after a failure below `folder`; `said`: all that the process wrote."""
    if code != FAILED:
        yield f"it ended with {code} instead of {FAILED}"
    lines = error_lines(said)
    last_words = [line for line in lines if line.startswith(LAST_WORDS)]
    if len(last_words) != 1 or lines[-1] != last_words[0]:
        yield f"it said {len(last_words)} lines about its end instead of one"
        return
    line = last_words[0]
    if folder not in line:
        yield "its last line does not say where"
    if not any(reason in line for reason in REASONS):
        yield "its last line does not say which error"
    if "restart" not in line:
        yield "its last line does not say what to do"
