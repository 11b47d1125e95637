#!/usr/bin/env python3
"""Runs clang-tidy over src/, two at a time: tidy.py BUILD. A file is read again only when it, a header or the rules have
changed since it was clean; the marks are kept in BUILD/tidy."""
import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import sys

build = pathlib.Path(sys.argv[1])
marks = build / "tidy"
marks.mkdir(exist_ok=True)
shared = hashlib.sha256(pathlib.Path(".clang-tidy").read_bytes())
for header in sorted(pathlib.Path("src").rglob("*.h")) + sorted(pathlib.Path("src").rglob("*.def")):
    shared.update(header.read_bytes())


def check(path):
    digest = hashlib.sha256(shared.digest() + path.read_bytes()).hexdigest()
    mark = marks / str(path).replace("/", "_")
    if mark.exists() and mark.read_text() == digest:
        return ""
    run = subprocess.run(["clang-tidy", "--quiet", "-p", str(build), str(path)], capture_output=True, text=True)
    if run.returncode == 0:
        mark.write_text(digest)
        return ""
    return run.stdout + "".join(line + "\n" for line in run.stderr.splitlines() if "warnings" not in line)


with concurrent.futures.ThreadPoolExecutor(min(os.cpu_count() or 1, 2)) as pool:
    said = [text for text in pool.map(check, sorted(pathlib.Path("src").rglob("*.c"))) if text]
print("".join(said), end="")
sys.exit(1 if said else 0)
