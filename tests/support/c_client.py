"""Builds the test clients that are written in C (tests/clients/<name>/*.c), each once a run."""

from __future__ import annotations

import functools
import pathlib
import shutil
import subprocess

from support.cases import require
from support.server import REPOSITORY

COMPILERS = ("clang-19", "clang", "cc")


@functools.cache
def built(name: str) -> pathlib.Path:
    """The program, in build/test-clients. A warning is an error: these are read as examples."""
    compiler = next((found for one in COMPILERS if (found := shutil.which(one))), None)
    require(compiler is not None, f"none of {', '.join(COMPILERS)} is there; tools/install-packages test")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "rdkafka"], capture_output=True, text=True)
    require(flags.returncode == 0, f"librdkafka-dev is not there; tools/install-packages test: {flags.stderr}")
    folder = REPOSITORY / "build" / "test-clients"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    sources = sorted((REPOSITORY / "tests" / "clients" / name).glob("*.c"))
    done = subprocess.run([compiler, "-std=gnu17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-o", program, *sources,
                           *flags.stdout.split()], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{name} does not build:\n{done.stderr}")
    return program
