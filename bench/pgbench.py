#!/usr/bin/env python3
"""pgbench as the yardstick of the city on PostgreSQL: the statements that one filing, or one look at a case, sends to the
server are taken from the server's own log and run by pgbench with the same values, prepared, on the same tables.

  pgbench.py capture URL FOLDER DATA PORT           writes FOLDER/file.sql and FOLDER/read.sql, and their values
  pgbench.py rate URL FOLDER file|read CLIENTS MS   writes transactions (whole filings, whole looks) a second to FOLDER/rate
  pgbench.py merge LAST MORE                        brings MORE's rows into LAST, in place of those of the same name

What must differ each time is made by pgbench: the case's id, its code out of that, the series its number comes from."""
import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
import postgres  # noqa: E402

BIN = postgres.binaries()
SERIES = 169  # as many as there are wards at which the bench files
STATEMENT = re.compile(r"^(\d+)\|LOG:  (?:execute \S+|statement): (.*)$")
VALUES = re.compile(r"^(\d+)\|DETAIL:  parameters: (.*)$")
VALUE = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")


def sql(url, *texts):
    for text in texts:
        subprocess.run([BIN / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", text, url], check=True, stdout=subprocess.DEVNULL)


def call(port, method, path, body=None, token=None):
    head = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    q = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, headers=head,
                               data=json.dumps(body).encode() if body is not None else None)
    with urllib.request.urlopen(q) as r:
        return json.load(r)


def transactions(log):
    """[[(statement, {number: value or None})]] in the order they began, without those of the jobs."""
    running, out = {}, []
    for line in log.splitlines():
        said, values = STATEMENT.match(line), VALUES.match(line)
        if said:
            pid, text = said.groups()
            if text.startswith("BEGIN"):
                running[pid] = []
                out.append(running[pid])
            running.get(pid, []).append((text, {}))
        elif values and running.get(values.group(1)):
            for number, value in VALUE.findall(values.group(2)):
                running[values.group(1)][-1][1][int(number)] = None if value == "NULL" else value[1:-1].replace("''", "'")
    return [t for t in out if len(t) > 2 and not any(" FROM job " in text for text, _ in t)]


def script(name, taken, case_id, code, folder):
    """A pgbench script, and a file of what -D gives it."""
    # Ids begin with the time: these are of the past, so that a division by year still has years to come.
    lines = ["\\set id random(1, 300000000000000000)", f"\\set series random(1, {SERIES})"] if name == "file" else []
    given = []
    for i, transaction in enumerate(taken):
        for k, (text, values) in enumerate(transaction):
            def place(match, values=values, at=f"v{i}_{k}_"):
                value = values[int(match.group(1))]
                if value is None:
                    return "NULL"
                if name == "file" and value == case_id:
                    return ":id"
                if name == "file" and value == code:
                    return "('B-' || CAST(:id AS TEXT))"
                if name == "file" and value.startswith("case:"):
                    return "('bench:' || CAST(:series AS TEXT))"
                given.append(f"{at}{match.group(1)}={value}")
                return f":{at}{match.group(1)}"
            lines.append(re.sub(r"\$(\d+)", place, text) + ";")
    (folder / f"{name}.sql").write_text("\n".join(lines) + "\n")
    (folder / f"{name}.values").write_text(json.dumps(given))


def capture(url, folder, data, port):
    accounts = json.loads(pathlib.Path(data, "demo-accounts.json").read_text())
    citizen = next(a for a in accounts if a["role"] == "citizen")
    unit = next(a["unit"] for a in accounts if a["role"] == "one-stop")
    token = call(port, "POST", "/api/v1/sessions", {"user": citizen["user"], "password": citizen["password"]})["token"]
    log = pathlib.Path(re.search(r"host=([^&]+)", url).group(1), "log")

    def file():
        return call(port, "POST", "/api/v1/cases", {"service": "2.000635", "unit": unit, "form": {"copies": 1}}, token)["code"]

    def listen(act):
        time.sleep(1)  # what runs behind the one before
        start = log.stat().st_size
        answer = act()
        time.sleep(1)
        with open(log, encoding="utf-8") as f:
            f.seek(start)
            return answer, transactions(f.read())

    for _ in range(3):
        file()
    settings = ("log_min_messages", "log_statement", "log_line_prefix")
    sql(url, *(f"ALTER SYSTEM SET {s} = '{v}'" for s, v in zip(settings, ("log", "all", "%p|"))), "SELECT pg_reload_conf()")
    code, filing = listen(file)
    _, looking = listen(lambda: call(port, "GET", f"/api/v1/cases/{code}", token=token))
    sql(url, *(f"ALTER SYSTEM RESET {s}" for s in settings), "SELECT pg_reload_conf()")
    insert = next((values for t in filing for text, values in t if text.startswith("INSERT INTO case_file")), None)
    if not insert or not looking:
        sys.exit("pgbench.py: the log does not show the statements of a filing")
    script("file", filing, insert[1], code, folder)
    script("read", looking, insert[1], code, folder)


def rate(url, folder, name, clients, ms):
    given = [part for value in json.loads((folder / f"{name}.values").read_text()) for part in ("-D", value)]
    said = subprocess.run([BIN / "pgbench", "-n", "-M", "prepared", "-c", clients, "-j", "2", "-T", str(max(1, round(int(ms) / 1000))),
                           "-f", folder / f"{name}.sql", *given, url], capture_output=True, text=True, check=False)
    tps = re.search(r"tps = ([\d.]+)", said.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", said.stdout)
    if said.returncode or not tps or (failed and failed.group(1) != "0"):
        sys.exit(f"pgbench.py: {said.stdout[-800:]}{said.stderr[-800:]}")
    (folder / "rate").write_text(tps.group(1))


def merge(last, more):
    rows = json.loads(last.read_text()) if last.exists() else []
    fresh = json.loads(more.read_text())
    names = {row["name"] for row in fresh}
    last.write_text(json.dumps([r for r in rows if r["name"] not in names] + fresh, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "capture":
        capture(rest[0], pathlib.Path(rest[1]), rest[2], rest[3])
    elif what == "rate":
        rate(rest[0], pathlib.Path(rest[1]), *rest[2:])
    elif what == "merge":
        merge(pathlib.Path(rest[0]), pathlib.Path(rest[1]))
    else:
        sys.exit(__doc__)
