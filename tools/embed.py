#!/usr/bin/env python3
"""Makes a C source that carries one file as bytes: embed.py [--pack] SYMBOL INPUT OUTPUT.

--pack: as zlib packs it."""
import sys
import zlib

packed = sys.argv[1] == "--pack"
symbol, source, target = sys.argv[1 + packed:]
data = open(source, "rb").read()
if packed:
    data = zlib.compress(data, 9)
with open(target, "w") as out:
    out.write("#include <stddef.h>\n")
    out.write(f"extern const char {symbol}[]; extern const size_t {symbol}_len;\n")
    out.write(f"const char {symbol}[] = {{")
    for i in range(0, len(data), 24):
        out.write("\n" + ",".join(str(b if b < 128 else b - 256) for b in data[i:i + 24]) + ",")
    out.write(f"0}};\nconst size_t {symbol}_len = {len(data)};\n")
