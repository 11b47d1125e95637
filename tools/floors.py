#!/usr/bin/env python3
"""Red on an include that breaks the plan of the house: floors.py SRC [STAMP].

A room includes only rooms on lower floors, and on floor 3 only those named; another room only by its door,
room/room.h; room/*_internal.h never from outside; HTTP only in *_api.c from floor 2 up."""
import pathlib
import re
import sys

FLOOR = {"base": 0, "db": 1, "schema": 1, "expr": 1, "calendar": 1, "objects": 1, "outbound": 1, "http": 1, "people": 2,
         "registry": 3, "document": 3, "casework": 3, "measure": 3, "map": 3, "notice": 3, "exchange": 3}
SIDEWAYS = {"casework": {"registry", "document", "notice"}, "document": {"registry"}, "map": {"registry"},
            "exchange": {"registry", "casework", "document"}}
TOP = {"program"}  # main and its subcommands: ties everything together
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def problems(src):
    for path in sorted(src.rglob("*.[ch]")):
        room = path.relative_to(src).parts[0]
        if room in TOP or room == path.name:
            continue
        for name in INCLUDE.findall(path.read_text()):
            if name in ("module.h",):
                continue
            target, _, rest = name.partition("/")
            where = f"{path.relative_to(src)}: includes {name}: "
            if target == room:
                continue
            if target not in FLOOR:
                yield where + "not a room"
            elif room.startswith("systems"):
                if target == "systems":
                    yield where + "a system never includes another"
            elif FLOOR[target] >= FLOOR.get(room, 0) and target not in SIDEWAYS.get(room, ()):
                yield where + f"floor {FLOOR[target]} from floor {FLOOR.get(room, 0)}"
            if target in FLOOR and target != "base" and rest != f"{target}.h":
                yield where + "not the room's door"
            if target == "http" and FLOOR.get(room, 4) >= 2 and not re.search(r"_(api|gate)\.[ch]$", path.name) \
                    and path.name != f"{room}.h":
                yield where + "HTTP belongs in *_api.c"


found = list(problems(pathlib.Path(sys.argv[1])))
for line in found:
    print(line, file=sys.stderr)
if found:
    sys.exit(1)
if len(sys.argv) > 2:
    pathlib.Path(sys.argv[2]).write_text("ok\n")
