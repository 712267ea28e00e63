"""Every planted fault of docs/planted-faults.md is found by the tests that the table names, and the table names every fault.

Needs the test programs with the address sanitizer: build/asan (tools/build asan), or LOGSTORE_TEST_BUILD.
"""
import concurrent.futures, os, re, subprocess, unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("LOGSTORE_TEST_BUILD", os.path.join(ROOT, "build", "asan"))
ROW = re.compile(r"^\| `([a-z-]+)` \| [^|]+ \| `([a-z/]+)` \| `([^`]+)` \|$", re.M)
NAME = re.compile(r'^\s*\{"([a-z-]+)", [a-z_]+\},$', re.M)
SECONDS_MAX = 300


def read(*path):
    with open(os.path.join(ROOT, *path)) as file:
        return file.read()


def run_tests(program, tests, fault):
    """The exit code of the named tests; a time-out is an answer of its own."""
    path = os.path.join(BUILD, "src", program, os.path.basename(program) + "_test")
    environment = {**os.environ, "LOGSTORE_PLANTED_FAULT": fault}
    command = [path, f"--gtest_filter={tests}", "--gtest_fail_fast", "--gtest_brief=1"]
    try:
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=SECONDS_MAX, errors="replace")
    except subprocess.TimeoutExpired:
        return None, "it did not end"
    return done.returncode, done.stdout


class PlantedFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = ROW.findall(read("docs", "planted-faults.md"))

    def test_the_table_names_the_faults_of_the_code(self):
        self.assertEqual(sorted(row[0] for row in self.table), sorted(NAME.findall(read("src", "base", "planted_fault.cc"))))

    def test_without_a_fault_each_named_test_exists_and_passes(self):
        for program, tests in sorted({(program, tests) for _, program, tests in self.table}):
            with self.subTest(tests=tests):
                code, said = run_tests(program, tests, "")
                self.assertEqual(code, 0, said[-2000:])
                self.assertNotIn("0 tests from 0 test suites ran", said)

    def test_each_fault_is_found(self):
        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            found = {fault: pool.submit(run_tests, program, tests, fault) for fault, program, tests in self.table}
        for fault, outcome in found.items():
            with self.subTest(fault=fault):
                code, said = outcome.result()
                self.assertNotIn("is not a planted fault", said)
                self.assertNotEqual(code, 0, f"{fault} was not found")
                self.assertIsNotNone(code, f"{fault}: {said}")


if __name__ == "__main__":
    unittest.main()
