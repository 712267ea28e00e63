"""Builds clients that are written in C: all of a folder are one program. Each is built once a run."""

from __future__ import annotations

import functools
import pathlib
import shutil
import subprocess

from support.cases import require
from support.server import REPOSITORY

COMPILERS = ("clang-19", "clang", "cc")


@functools.cache
def built(source_folder: str) -> pathlib.Path:
    """The program, in build/test-clients, by the folder's name. A warning is an error: these are read as examples."""
    compiler = next((found for one in COMPILERS if (found := shutil.which(one))), None)
    require(compiler is not None, f"none of {', '.join(COMPILERS)} is there; tools/install-packages test")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "rdkafka"], capture_output=True, text=True)
    require(flags.returncode == 0, f"librdkafka-dev is not there; tools/install-packages test: {flags.stderr}")
    folder = REPOSITORY / "build" / "test-clients"
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted((REPOSITORY / source_folder).glob("*.c"))
    program = folder / pathlib.Path(source_folder).name
    done = subprocess.run([compiler, "-std=gnu17", "-O1", "-g", "-pthread", "-Wall", "-Wextra", "-Werror", "-o", program,
                           *sources, *flags.stdout.split()], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{source_folder} does not build:\n{done.stderr}")
    return program
