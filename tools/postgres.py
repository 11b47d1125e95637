#!/usr/bin/env python3
"""A PostgreSQL of one's own for tests: in a temporary folder, on a unix socket only, gone with whoever asked for it.

    with postgres.server() as url: …      "postgresql:///?host=FOLDER&user=motcua"
    tools/postgres.py --pair              one with a standby: says both addresses, a line each; "stop" and "start" on its
                                          input are the standby's, the end of its input is theirs
    tools/postgres.py COMMAND…            runs it with MOTCUA_POSTGRES in its environment, on the server that is there or one
                                          of its own

The server refuses to run as root: there it is started as the user nobody knows the password of, postgres, or nobody."""
import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile

# Nothing here outlives a crash, so nothing needs to reach the disk; MOTCUA_POSTGRES_SYNC=1 is for the tests of faults.
SETTINGS = {"listen_addresses": "''", "max_connections": "300", "shared_buffers": "128MB", "max_wal_size": "512MB",
            "deadlock_timeout": "'100ms'",
            "log_min_messages": "fatal", "log_min_error_statement": "panic"}
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def binaries():
    for place in ("/usr/lib/postgresql/15/bin", *sorted(map(str, pathlib.Path("/usr/lib/postgresql").glob("*/bin")))):
        if pathlib.Path(place, "initdb").exists():
            return pathlib.Path(place)
    if shutil.which("pg_config"):
        place = pathlib.Path(subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True).stdout.strip())
        if (place / "initdb").exists():
            return place
    sys.exit("PostgreSQL's initdb is not installed: tools/deps")


def unprivileged():
    """What subprocess needs to run the server as somebody who is not root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    sys.exit("no user to run PostgreSQL as")


def memory():
    """A folder in memory with room for what tests write, or None: the temporary folder."""
    place = pathlib.Path("/dev/shm")
    return place if os.access(place, os.W_OK) and shutil.disk_usage(place).free > 4 << 30 else None


@contextlib.contextmanager
def server(sync=bool(os.environ.get("MOTCUA_POSTGRES_SYNC"))):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="motcua-pg-", dir=None if sync else memory()))
    who = unprivileged()
    if who:
        os.chown(folder, who["user"], who["group"])
    folder.chmod(0o755)
    programs = binaries()
    quiet = {"stdout": subprocess.DEVNULL, "cwd": folder, **who}
    try:
        subprocess.run([programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "motcua", "-E", "UTF8",
                        "--locale=C.UTF-8", "--no-sync"], check=True, **quiet)
        settings = {**SETTINGS, **({} if sync else FAST), "unix_socket_directories": f"'{folder}'"}
        with open(folder / "data/postgresql.conf", "a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())
        subprocess.run([programs / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "start"], check=True,
                       **quiet)
        try:
            yield f"postgresql:///?host={folder}&user=motcua"
        finally:
            subprocess.run([programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop"], **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def standby(url):
    """A streaming standby of a server(): its address, and what stops and starts it."""
    primary = re.search("host=([^&]*)", url)[1]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="motcua-pg-", dir=memory()))
    who, programs = unprivileged(), binaries()
    if who:
        os.chown(folder, who["user"], who["group"])
    folder.chmod(0o755)
    quiet = {"stdout": subprocess.DEVNULL, "cwd": folder, **who}

    def control(*what):
        subprocess.run([programs / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", *what], check=True, **quiet)

    try:
        subprocess.run([programs / "pg_basebackup", "-h", primary, "-U", "motcua", "-D", folder / "data", "-R", "-c", "fast",
                        "--no-sync"], check=True, **quiet)
        with open(folder / "data/postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(f"unix_socket_directories = '{folder}'\n")
        control("start")
        try:
            yield f"postgresql:///?host={folder}&user=motcua", control
        finally:
            subprocess.run([programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop"],
                           stderr=subprocess.DEVNULL, **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pair():
    with server() as url, standby(url) as (other, control):
        print(url, other, sep="\n", flush=True)
        for line in sys.stdin:
            control(*(["stop", "-m", "immediate"] if line.strip() == "stop" else ["start"]))
            print(line.strip(), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the server ends with us
    if sys.argv[1:] == ["--pair"]:
        sys.exit(pair())
    there = os.environ.get("MOTCUA_POSTGRES")
    with contextlib.nullcontext(there) if there else server() as url:
        code = subprocess.run(sys.argv[1:], env={**os.environ, "MOTCUA_POSTGRES": url}).returncode
    sys.exit(code)
