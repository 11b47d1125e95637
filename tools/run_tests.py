#!/usr/bin/env python3
"""Runs every suite one after the other and sums them: run_tests.py [suite…]. The last line is "N passed, N failed".

A suite that ends red without naming a failed test counts as one failed; one that ran no test at all, too."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import postgres

NODE = str(pathlib.Path("web/node_modules/.bin/node").resolve())
ENV = {**os.environ, "MOTCUA": str(pathlib.Path("build/asan/src/program/motcua").resolve()),
       "PATH": str(pathlib.Path("web/node_modules/.bin").resolve()) + os.pathsep + os.environ["PATH"]}


def stream(command, **more):
    """Runs it, shows what it says, gives back the words and the exit code."""
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                           env=ENV, **more)
    said = []
    for line in run.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        said.append(line)
    return "".join(said), run.wait()


def meson(build, *names):
    log = pathlib.Path(build) / "meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    _, code = stream(["meson", "test", "-C", build, "--print-errorlogs", *names])
    passed = failed = 0
    for line in log.read_text().splitlines() if log.exists() else ():
        test = json.loads(line)
        said = test.get("stdout", "") + test.get("stderr", "")
        # cmocka tells how many of a program's tests passed and failed; another program is one test.
        good = sum(map(int, re.findall(r"\[  PASSED  \] (\d+) test", said)))
        bad = sum(map(int, re.findall(r"\[  FAILED  \] (\d+) test", said)))
        ok = test["result"] in ("OK", "SKIP", "EXPECTEDFAIL")
        passed += good or (1 if ok and not bad else 0)
        failed += bad or (0 if ok else 1)
    return passed, failed, code


def node(*arguments):
    said, code = stream([NODE, *arguments])
    count = {name: sum(map(int, re.findall(rf"^(?:#|ℹ) {name} (\d+)\s*$", said, re.M)))
             for name in ("pass", "fail", "cancelled")}
    return count["pass"], count["fail"] + count["cancelled"], code


def vitest():
    report = pathlib.Path("build/vitest.json").resolve()
    report.unlink(missing_ok=True)
    _, code = stream([NODE, "node_modules/vitest/vitest.mjs", "run", "--reporter=default", "--reporter=json",
                      f"--outputFile.json={report}"], cwd="web")
    result = json.loads(report.read_text()) if report.exists() else {}
    return result.get("numPassedTests", 0), result.get("numFailedTests", 0), code


def black_box(folder):
    def run():
        if not any(pathlib.Path("test", folder).glob("*.test.mjs")):
            return None
        return node("test/run.mjs", folder)
    return run


def with_server(run):
    """The same on the second database: a PostgreSQL of its own while it runs."""
    def served():
        with postgres.server() as url:
            more = {"MOTCUA_POSTGRES": url, "MOTCUA_PSQL": str(postgres.binaries() / "psql"), "MOTCUA_TEST_DB": "postgres"}
            ENV.update(more)
            try:
                return run()
            finally:
                for name in more:
                    del ENV[name]
    return served


def released(run):
    """The same with the program as it is shipped: no sanitizers, and no test build's points of failure."""
    def served():
        before = ENV["MOTCUA"]
        ENV["MOTCUA"] = str(pathlib.Path("build/motcua").resolve())
        try:
            return run()
        finally:
            ENV["MOTCUA"] = before
    return served


# What asks the program over HTTP whatever keeps its data; backup, files and the national catalogue are of a folder. Only
# here there are two nodes. The first database has it under the sanitizers, the second as it is shipped; a move is killed
# at points that only a test build has.
ON_BOTH = ("accounts", "authorisations", "birth", "casework", "catalogue", "checks", "commands", "documents", "flows",
           "forms", "input", "journey", "kept", "machine", "nodes", "notices", "partition", "procedures", "queue", "races", "registries",
           "rights", "sessions", "slips", "succession")

# The write queue, the jobs and the feed are where threads meet.
SUITES = {
    "unit": lambda: meson("build/asan", "--no-suite", "postgres"),
    "postgres": with_server(lambda: meson("build/asan", "--suite", "postgres")),
    "threads": lambda: meson("build/tsan", "db-queue", "db-log", "db-kept", "db-jobs", "http-feed", "people-audit"),
    "web": vitest,
    "api": black_box("api"),
    "fault": black_box("fault"),
    "browser": black_box("browser"),
    "api-postgres": released(with_server(lambda: node("test/run.mjs", "api", *ON_BOTH))),
    "move": with_server(lambda: node("test/run.mjs", "api", "move")),
    "browser-postgres": with_server(lambda: node("test/run.mjs", "browser", "journey")),
}

total_passed = total_failed = 0
table = []
for name in sys.argv[1:] or SUITES:
    print(f"\n== {name} ==", flush=True)
    began = time.monotonic()
    result = SUITES[name]()
    if result is None:
        continue
    passed, failed, code = result
    if (code != 0 or passed == 0) and failed == 0:
        failed = 1
    total_passed += passed
    total_failed += failed
    table.append((name, passed, failed, time.monotonic() - began))
print()
for name, passed, failed, seconds in table:
    print(f"{name:10} {passed:6} passed {failed:4} failed  {seconds:6.1f} s")
print(f"{total_passed} passed, {total_failed} failed")
sys.exit(1 if total_failed else 0)
