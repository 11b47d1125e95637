#!/usr/bin/env python3
"""Makes a C source that carries a city pack: embed_pack.py FOLDER OUTPUT.c OUTPUT.d. OUTPUT.d names what was read."""
import pathlib
import sys

root, output, depfile = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
files = sorted(p for p in root.rglob("*.yaml") if p.is_file())
with open(output, "w") as out:
    out.write('#include "program/program.h"\n\n')
    for i, path in enumerate(files):
        out.write(f'__asm__(".section .rodata\\npack_{i}:\\n.incbin \\"{path.resolve()}\\"\\n.previous");\n')
        out.write(f'extern const unsigned char pack_{i}[{path.stat().st_size}] __attribute__((visibility("hidden")));\n')
    out.write("\nconst struct pack_asset default_pack[] = {\n")
    for i, path in enumerate(files):
        out.write(f'    {{"{path.relative_to(root).as_posix()}", pack_{i}, sizeof pack_{i}}},\n')
    out.write("    {0},\n};\n")
folders = {p for p in root.rglob("*") if p.is_dir()} | {root}  # a new file shows in its folder
depfile.write_text(f"{output}: " + " ".join(str(p.resolve()).replace(" ", "\\ ") for p in [*files, *sorted(folders)]) + "\n")
