#!/usr/bin/env python3
"""Makes a C source that carries the built web client: embed_web.py FOLDER OUTPUT.c OUTPUT.d

Every file as it is, and gzip and brotli of what gains by it, in OUTPUT.c.files/; the assembler's .incbin takes them in,
which is quick for any size. FOLDER may be empty text: then there are no assets. OUTPUT.d names what was read."""
import gzip
import hashlib
import pathlib
import shutil
import subprocess
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
         ".css": "text/css; charset=utf-8", ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png",
         ".ico": "image/x-icon", ".woff2": "font/woff2", ".woff": "font/woff", ".webmanifest": "application/manifest+json",
         ".txt": "text/plain; charset=utf-8", ".wasm": "application/wasm", ".webp": "image/webp", ".jpg": "image/jpeg",
         ".map": "application/json", ".xml": "application/xml", ".pdf": "application/pdf", ".bcmap": "application/octet-stream",
         ".ttf": "font/ttf", ".pfb": "application/octet-stream"}
PACKED = {".woff2", ".woff", ".png", ".webp", ".jpg"}  # compressed in themselves

folder, output, depfile = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
store = pathlib.Path(str(output) + ".files").resolve()
shutil.rmtree(store, ignore_errors=True)
store.mkdir(parents=True, exist_ok=True)  # two builds may meet here
files = []
if folder:
    root = pathlib.Path(folder)
    if not (root / "index.html").is_file():
        sys.exit(f"{folder} has no index.html: build the web client first")
    files = sorted(p for p in root.rglob("*") if p.is_file() and not any(part.startswith(".") for part in p.relative_to(root).parts))


def c_text(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


blobs, rows = [], []


def blob(data):
    name = f"web_{len(blobs)}"
    (store / name).write_bytes(data)
    blobs.append(name)
    return name


def brotli(path):
    return subprocess.run(["brotli", "-q", "11", "-c", str(path)], check=True, capture_output=True).stdout


for path in files:
    data = path.read_bytes()
    plain = blob(data)
    variants = []
    for packed in ([gzip.compress(data, 9, mtime=0), brotli(path)] if path.suffix not in PACKED and len(data) > 256 else []):
        variants.append(blob(packed) if len(packed) < len(data) else None)
    variants += [None] * (2 - len(variants))
    etag = '"' + hashlib.sha256(data).hexdigest()[:16] + '"'
    rows.append((str("/" + path.relative_to(root).as_posix()), TYPES.get(path.suffix, "application/octet-stream"), etag,
                 plain, *variants))

with open(output, "w") as out:
    out.write('#include "http/http.h"\n\n')
    out.write("extern const struct asset web_assets[];\n")
    for name in blobs:
        size = (store / name).stat().st_size
        out.write(f'__asm__(".section .rodata\\n.balign 16\\n{name}:\\n.incbin \\"{store / name}\\"\\n.previous");\n')
        out.write(f"extern const unsigned char {name}[{max(size, 1)}] __attribute__((visibility(\"hidden\")));\n")
    out.write("\nconst struct asset web_assets[] = {\n")
    for path, media, etag, plain, gz, br in rows:
        def of(name):
            return (name, f"sizeof {name}") if name else ("NULL", "0")
        out.write(f"    {{{c_text(path)}, {c_text(media)}, {c_text(etag)}, {plain}, {of(gz)[0]}, {of(br)[0]},"
                  f" {of(plain)[1] if (store / plain).stat().st_size else 0}, {of(gz)[1]}, {of(br)[1]}}},\n")
    out.write("    {0},\n};\n")
depfile.write_text(f"{output}: " + " ".join(str(p.resolve()).replace(" ", "\\ ") for p in files) + "\n")
