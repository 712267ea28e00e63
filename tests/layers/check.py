#!/usr/bin/python3
"""Layers, bans and dead files: what the compiler does not check. rules.py says what is allowed.

  check.py            checks this repository; prints one line for each violation
  check.py --root DIR checks another tree of the same shape
"""

from __future__ import annotations

import argparse
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import rules

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^[ \t]*#\s*include\s*"([^"]+)"', re.M)
# Comments, raw texts, texts, characters; what is no code. A digit separator is no quote.
NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)


class Violation(NamedTuple):
    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class Tree:
    """The files of a repository that are, or are about to be, in it."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                capture_output=True, check=True).stdout.decode()
        self.paths = sorted(path for path in listed.split("\0") if path and (root / path).is_file())
        self._texts: dict[str, str | None] = {}

    def text(self, path: str) -> str | None:
        """Nothing for files that are no text."""
        if path not in self._texts:
            try:
                self._texts[path] = (self.root / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                self._texts[path] = None
        return self._texts[path]

    def texts(self) -> Iterator[tuple[str, str]]:
        for path in self.paths:
            text = self.text(path)
            if text is not None:
                yield path, text

    def sources(self) -> Iterator[tuple[str, str]]:
        """C++ files, and C of test and bench clients."""
        return ((path, text) for path, text in self.texts() if path.endswith((".cc", ".h", ".c")))


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def code_of(text: str) -> str:
    """The text with everything that is no code blanked; lines stay where they are. Includes stay readable."""

    def blank(match: re.Match[str]) -> str:
        start = text.rfind("\n", 0, match.start()) + 1
        if match.group().startswith('"') and re.match(r"\s*#\s*include\b", text[start:match.start()]):
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())

    return NO_CODE.sub(blank, text)


def folder_of(path: str) -> str | None:
    """The ranked folder of a path below src/."""
    parts = path.split("/")
    for depth in (2, 1):
        if "/".join(parts[:depth]) in rules.RANKS:
            return "/".join(parts[:depth])
    return None


def is_test(path: str) -> bool:
    return path.endswith("_test.cc") or "/testing/" in path or not path.startswith("src/")


def check_includes(tree: Tree) -> Iterator[Violation]:
    """Includes point to lower ranks; what is for tests is used by tests."""
    for path, text in tree.sources():
        for match in INCLUDE.finditer(text):
            included, line = match.group(1), line_of(text, match.start())
            to = folder_of(included)
            if to is None:
                continue
            if "/testing/" in "/" + included and not is_test(path) and not path.startswith("src/sim/"):
                yield Violation(path, line, f"includes {included}, which is for tests")
            if not path.startswith("src/"):
                continue
            by = folder_of(path.removeprefix("src/"))
            if by is None:
                yield Violation(path, line, "lies in a folder without a rank")
            elif by != to and rules.RANKS[to] >= rules.RANKS[by]:
                yield Violation(path, line, f"{by} (rank {rules.RANKS[by]}) includes {included} (rank {rules.RANKS[to]})")


def is_excepted(path: str, ban: str) -> bool:
    return any(path.startswith(start) and ban == name for start, name in rules.EXCEPTIONS)


def check_bans(tree: Tree) -> Iterator[Violation]:
    """Code reaches the outside world and the libraries only in their homes."""
    for path, text in tree.sources():
        if not path.startswith("src/"):
            continue
        code = code_of(text)
        for ban in rules.BANS:
            if path.startswith(ban.homes) or (ban.in_tests and is_test(path)) or is_excepted(path, ban.name):
                continue
            for match in ban.pattern.finditer(code):
                yield Violation(path, line_of(code, match.start()), f"{ban.name}: `{match.group().strip()}` ({ban.why})")


def check_exceptions(tree: Tree) -> Iterator[Violation]:
    """An exception that nothing needs is taken back."""
    bans = {ban.name: ban for ban in rules.BANS}
    for (start, name) in rules.EXCEPTIONS:
        codes = (code_of(text) for path, text in tree.sources() if path.startswith(start))
        if not any(bans[name].pattern.search(code) for code in codes):
            yield Violation("tests/layers/rules.py", 1, f"nothing needs the exception of {start} from '{name}'")


def is_measured(path: str) -> bool:
    return path.endswith((".cc", ".h", ".c", ".py", ".cmake", "CMakeLists.txt")) or path.startswith(("tools/", ".ci/"))


def check_sizes(tree: Tree) -> Iterator[Violation]:
    for path, text in tree.texts():
        if not is_measured(path):
            continue
        lines = text.splitlines()
        if len(lines) > rules.FILE_LINES_MAX:
            yield Violation(path, len(lines), f"{len(lines)} lines; at most {rules.FILE_LINES_MAX}")
        for number, line in enumerate(lines, 1):
            if len(line) > rules.COLUMNS_MAX:
                yield Violation(path, number, f"{len(line)} columns; at most {rules.COLUMNS_MAX}")


def check_texts(tree: Tree) -> Iterator[Violation]:
    """The repository speaks of the project alone."""
    for path, text in tree.texts():
        banned = ((rules.MACHINE_PATHS, "a path of one machine"), (rules.FOREIGN_WORDS, "a word that has no place here"))
        for pattern, what in banned:
            for match in pattern.finditer(text):
                yield Violation(path, line_of(text, match.start()), f"{what}: {match.group()}")


def library_of(tree: Tree, path: str) -> str | None:
    """The nearest folder above with a CMakeLists.txt."""
    parent = path
    while "/" in parent:
        parent = parent.rsplit("/", 1)[0]
        if f"{parent}/CMakeLists.txt" in tree.paths:
            return parent
    return None


def is_compiled(tree: Tree, path: str) -> bool:
    """By the globs of cmake/library.cmake and fuzz/CMakeLists.txt, because a CMakeLists.txt names it, or by support/c_client."""
    if path.endswith(".c"):
        call = f'built("{path.rsplit("/", 1)[0]}")'
        if any(call in text for at, text in tree.texts() if at.endswith(".py")):
            return True
    library = library_of(tree, path)
    if library is not None:
        lists = tree.text(f"{library}/CMakeLists.txt") or ""
        inner = path.removeprefix(library + "/")
        if "logstore_library(" in lists and inner.count("/") <= 1:
            return True
        if inner.endswith("_fuzz.cc") and f"logstore_fuzzer({inner.removesuffix('_fuzz.cc')} " in lists:
            return True
    names = (path.rsplit("/", 1)[-1], path)
    cmake = (text for at, text in tree.texts() if at.endswith(("CMakeLists.txt", ".cmake")))
    return any(re.search(rf"(?<![\w]){re.escape(name)}\b", text) for text in cmake for name in names)


def check_dead_files(tree: Tree) -> Iterator[Violation]:
    sources = dict(tree.sources())
    included: set[str] = set()
    for path, text in sources.items():
        folder = path.rsplit("/", 1)[0] if "/" in path else ""
        for match in INCLUDE.finditer(text):
            included |= {f"src/{match.group(1)}", f"{folder}/{match.group(1)}", match.group(1)}
    scripts = [path for path in tree.paths if path.startswith("tools/")]
    for path in sources:
        if path.endswith((".cc", ".c")) and not is_compiled(tree, path):
            yield Violation(path, 1, "is compiled by nothing")
        if path.endswith(".h") and path not in included:
            yield Violation(path, 1, "is included by nothing")
    for path in tree.paths:
        if path.endswith("/CMakeLists.txt") and path.startswith("src/") and path != "src/CMakeLists.txt":
            folder = path.removeprefix("src/").removesuffix("/CMakeLists.txt")
            if f"add_subdirectory({folder})" not in (tree.text("src/CMakeLists.txt") or ""):
                yield Violation(path, 1, "is used by nothing")
    for path in scripts:
        name = path.removeprefix("tools/")
        if name not in rules.UNMENTIONED_SCRIPTS and not any(
                re.search(rf"(?<![\w-])tools/{re.escape(name)}(?![\w-])", text) for at, text in tree.texts() if at != path):
            yield Violation(path, 1, "is mentioned by no page and no script")


CHECKS: list[Callable[[Tree], Iterator[Violation]]] = [
    check_includes, check_bans, check_exceptions, check_sizes, check_texts, check_dead_files]


def violations(root: pathlib.Path) -> list[Violation]:
    tree = Tree(root)
    return [violation for check in CHECKS for violation in check(tree)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=REPOSITORY)
    found = violations(parser.parse_args().root)
    for violation in found:
        print(violation)
    print(f"{len(found)} violations" if found else "no violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
