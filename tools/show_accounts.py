#!/usr/bin/env python3
"""Prints where the demo city answers and some of its accounts: show_accounts.py DATA ADDRESS"""
import json
import pathlib
import sys

data, address = sys.argv[1:]
accounts = json.loads(pathlib.Path(data, "demo-accounts.json").read_text())
ward = next(a["unit"] for a in accounts if a["user"] == "one-stop.26740") if any(
    a["user"] == "one-stop.26740" for a in accounts) else next(a["unit"] for a in accounts if a["role"] == "citizen")
WANTED = ["citizen", "one-stop", "specialist", "unit-head", "signatory", "clerk", "cashier", "archivist", "steward"]
rows = [next((a for a in accounts if a["role"] == role and a["unit"] == ward), None) for role in WANTED]
rows += [a for a in accounts if a["role"] in ("helper", "supervisor", "auditor", "admin")]
print(f"""
  Người dân và cán bộ / citizens and officers   {address}
  Tra cứu công khai / public tracking           {address}/tra-cuu
  API (OpenAPI 3.1)                             {address}/api/v1/openapi.json
  Mật khẩu chung / one password for all         {accounts[0]["password"]}
""")
for a in filter(None, rows):
    print(f"  {a['role']:11} {a['user']:22} {a['unit']:10} {a['name']}")
print(f"\n  {len(accounts)} tài khoản / accounts: {data}/demo-accounts.json\n", flush=True)
