#!/usr/bin/env python3
"""Red on what the house does without: banned calls, values printed into SQL, work left unfinished. house_rules.py ROOT

A line that must break a rule says why in a comment holding "house:", on itself or the line above."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
BANNED = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|strtok|strncpy|atoi|atol|atof|gets|localtime|gmtime|"
                    r"asctime|ctime|system|popen|tmpnam|mktemp|alloca|rand)\s*\(")
# Names of tables come from db_name() or constants; a value never does.
PRINTED_SQL = re.compile(r"printf\s*\([^;]*?\"[^\"]*\b(SELECT|INSERT|UPDATE|DELETE|WHERE)\b[^\"]*"
                         r"('%|(=|<|>|LIKE|LIMIT|VALUES \()\s*%[-0-9.*]*l*[sdiuj])")
# What frees an error at the end of its scope must find one there on every way out.
LATE_ERROR = re.compile(r"auto_error struct error (\w+);(?:(?!error_init\(&\1\)).)*?\breturn\b", re.S)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def problems(path):
    source = path.read_text()
    lines = source.split("\n")
    code = COMMENT.sub(blank, TEXT.sub(lambda m: '"' + " " * (len(m.group()) - 2) + '"', source))

    def line_of(at):
        n = source.count("\n", 0, at)
        excused = any("house:" in line for line in lines[max(n - 1, 0):n + 1])
        return None if excused else n + 1

    ours = path.relative_to(ROOT).parts[0] == "src"
    for m in BANNED.finditer(code) if ours else ():
        if line_of(m.start()):
            yield line_of(m.start()), f"{m.group(1)}() is banned"
    for m in PRINTED_SQL.finditer(source) if ours else ():
        if line_of(m.start()):
            yield line_of(m.start()), "a value printed into SQL: it travels as $n"
    for m in LATE_ERROR.finditer(code) if ours else ():
        yield source.count("\n", 0, m.start()) + 1, f"{m.group(1)} is freed before it is made: error_init() comes first"
    for m in UNFINISHED.finditer(source):
        if line_of(m.start()):
            yield line_of(m.start()), f"{m.group()}: finish it, or leave it out"


red = False
for folder in ("src", "test", "bench"):
    for path in sorted((ROOT / folder).rglob("*.[ch]")):
        for line, what in problems(path):
            print(f"{path.relative_to(ROOT)}:{line}: {what}")
            red = True
sys.exit(red)
