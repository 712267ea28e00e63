#!/usr/bin/python3
"""Plants one violation of each rule in a small tree and sees that it is found; then checks this repository."""

from __future__ import annotations

import pathlib
import subprocess
import tempfile
import unittest

import check
import rules


class Planted(unittest.TestCase):
    """A tree without violations, to which each test adds."""

    def setUp(self) -> None:
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.root = pathlib.Path(held.name)
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)
        exceptions = dict(rules.EXCEPTIONS)
        rules.EXCEPTIONS.clear()
        self.addCleanup(rules.EXCEPTIONS.update, exceptions)
        self.write("src/CMakeLists.txt", "add_subdirectory(base)\nadd_subdirectory(log)\nadd_subdirectory(env)\n")
        for folder in ("base", "log", "env"):
            self.write(f"src/{folder}/CMakeLists.txt", f"logstore_library({folder})\n")
        self.write("src/base/bytes.h", "#pragma once\n")
        self.write("src/log/segment.h", '#pragma once\n#include "base/bytes.h"\n')
        self.write("src/log/segment.cc", '#include "log/segment.h"\n')

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def found(self) -> list[str]:
        return [str(violation) for violation in check.violations(self.root)]

    def assert_found(self, *parts: str) -> None:
        found = self.found()
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def test_a_tree_without_violations_passes(self) -> None:
        self.assertEqual(self.found(), [])

    def test_an_include_of_a_higher_rank_is_found(self) -> None:
        self.write("src/base/check.cc", '#include "log/segment.h"\n')
        self.assert_found("src/base/check.cc:1", "rank 3")

    def test_an_include_of_an_equal_rank_is_found(self) -> None:
        self.write("src/log/reader.cc", '\n#include "kafka/client/topics.h"\n')
        self.assert_found("src/log/reader.cc:2", "rank 3")

    def test_a_folder_without_a_rank_is_found(self) -> None:
        self.write("src/helpers/CMakeLists.txt", "logstore_library(helpers)\n")
        self.write("src/CMakeLists.txt", "".join(f"add_subdirectory({f})\n" for f in ("base", "log", "env", "helpers")))
        self.write("src/helpers/all.cc", '#include "base/bytes.h"\n')
        self.assert_found("src/helpers/all.cc", "without a rank")

    def test_what_is_for_tests_is_used_by_tests_only(self) -> None:
        self.write("src/log/testing/fake.h", "#pragma once\n")
        self.write("src/log/segment_test.cc", '#include "log/testing/fake.h"\n')
        self.assertEqual(self.found(), [])
        self.write("src/log/segment.cc", '#include "log/segment.h"\n#include "log/testing/fake.h"\n')
        self.assert_found("src/log/segment.cc:2", "for tests")

    def test_each_ban_finds_what_it_is_for(self) -> None:
        planted = {
            "clock": "auto now = std::chrono::steady_clock::now();", "thread": "std::thread worker;", "lock": "std::mutex lock;",
            "system header": "#include <sys/stat.h>", "thread header": "#include <mutex>",
            "system call": "int file = ::open(path, 0);",
            "files of the standard library": "#include <fstream>", "randomness": "int die = rand();",
            "environment variable": 'const char* home = getenv("HOME");', "order by address": "std::set<tablet*> open;",
            "Boost.Asio": "#include <boost/asio/post.hpp>", "Boost.Beast": "#include <boost/beast/http.hpp>",
            "io_uring": "#include <liburing.h>", "RocksDB": "#include <rocksdb/db.h>", "CLI11": "CLI::App app;",
            "toml++": "#include <toml++/toml.h>", "spdlog": "#include <spdlog/spdlog.h>", "console": "std::cout << 1;",
        }
        self.assertEqual(set(planted), {ban.name for ban in rules.BANS})
        for name, line in planted.items():
            with self.subTest(name):
                self.write("src/log/segment.cc", f'#include "log/segment.h"\n{line}\n')
                self.assert_found("src/log/segment.cc:2", name)

    def test_comments_and_texts_are_no_code(self) -> None:
        self.write("src/log/segment.cc", '#include "log/segment.h"\n// std::mutex\n/* std::thread\n */ auto t = "::open(";\n')
        self.assertEqual(self.found(), [])

    def test_code_behind_a_digit_separator_is_code(self) -> None:
        self.write("src/log/segment.cc", '#include "log/segment.h"\nint n = 1\'000; std::mutex lock; int m = 2\'000;\n')
        self.assert_found("lock")

    def test_the_home_of_a_ban_may(self) -> None:
        self.write("src/env/clock.cc", "#include <thread>\nauto now = std::chrono::steady_clock::now();\n")
        self.assertEqual(self.found(), [])

    def test_an_exception_holds_and_is_taken_back_when_nothing_needs_it(self) -> None:
        rules.EXCEPTIONS["src/log/segment.cc", "lock"] = "for this test"
        self.addCleanup(rules.EXCEPTIONS.clear)
        self.assert_found("nothing needs")
        self.write("src/log/segment.cc", '#include "log/segment.h"\nstd::mutex lock;\n')
        self.assertEqual(self.found(), [])

    def test_long_files_and_lines_are_found(self) -> None:
        self.write("src/log/segment.cc", '#include "log/segment.h"\n' + "\n" * rules.FILE_LINES_MAX)
        self.assert_found("1001 lines")
        self.write("src/log/segment.cc", '#include "log/segment.h"\n//' + "x" * rules.COLUMNS_MAX + "\n")
        self.assert_found("132 columns")

    def test_dead_files_are_found(self) -> None:
        dead = {"src/log/old.h": "included by nothing", "src/log/handlers/parts/deep.cc": "compiled by nothing",
                "src/log/handlers/deep/deep_test.cc": "compiled by nothing", "tests/tool.cc": "compiled by nothing",
                "tests/clients/old/main.c": "compiled by nothing", "tools/forgotten": "mentioned by no"}
        for path, what in dead.items():
            with self.subTest(path):
                self.write(path, "\n")
                self.assert_found(path, what)
                (self.root / path).unlink()

    def test_c_clients_are_compiled_by_the_test_that_names_their_folder(self) -> None:
        self.write("tests/clients/load/main.c", '#include "plan.h"\n')
        self.write("tests/clients/load/plan.h", "\n")
        self.write("tests/blackbox/load_test.py", 'program = built("tests/clients/other")\n')
        self.assert_found("tests/clients/load/main.c", "compiled by nothing")
        self.write("tests/blackbox/load_test.py", 'program = built("tests/clients/load")\n')
        self.assertEqual(self.found(), [])

    def test_a_library_that_is_not_built_is_found(self) -> None:
        self.write("src/kv/CMakeLists.txt", "logstore_library(kv)\n")
        self.assert_found("src/kv/CMakeLists.txt", "used by nothing")

    def test_paths_of_one_machine_are_found(self) -> None:
        self.write("README.md", "see /" + "home/someone/notes\n")
        self.assert_found("README.md:1", "one machine")


class Repository(unittest.TestCase):
    def test_it_has_no_violations(self) -> None:
        found = check.violations(check.REPOSITORY)
        self.assertFalse(found, "\n" + "\n".join(map(str, found)))


if __name__ == "__main__":
    unittest.main()
