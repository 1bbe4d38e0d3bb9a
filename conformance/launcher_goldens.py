"""Trace the cases of one launcher that have no golden yet, with its releases installed.

    python launcher_goldens.py llama-factory [--only TEXT]

Beside every scenario stands the file that the launcher's own parser read. All sizes are bytes.
"""

from __future__ import annotations

import argparse
import gzip
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from launcher_cases import OF_LAUNCHER, Case
from memory_goldens import GOLDENS, KEPT
from trace import trace


def golden(case: Case, release: dict[str, str]) -> dict[str, Any]:
    scenario, file = case
    config = scenario["model"]["config"]
    result = trace({"config": config, "stack": scenario["stack"], "file": file, "adapter": scenario["adapter"]})
    expected = {key: result[key] for key in KEPT}
    return {"scenario": scenario, "file": file, "expected": expected | {"versions": expected["versions"] | release}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("launcher", choices=OF_LAUNCHER)
    parser.add_argument("--only", default="", help="trace cases whose id contains this text again")
    arguments = parser.parse_args()
    goldens = GOLDENS.with_name(f"memory-{arguments.launcher}.jsonl.gz")
    package = arguments.launcher.replace("llama-factory", "llamafactory")
    lines = gzip.decompress(goldens.read_bytes()).decode().splitlines() if goldens.exists() else []
    known = {row["scenario"]["id"]: row for row in map(json.loads, lines)}
    cases = OF_LAUNCHER[arguments.launcher]()
    for case in cases:
        identifier = case[0]["id"]
        if (arguments.only and arguments.only in identifier) or identifier not in known:
            known[identifier] = golden(case, {package: version(package)})
            print(identifier, flush=True)
            write(goldens, [known[name] for each in cases if (name := each[0]["id"]) in known])


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())


if __name__ == "__main__":
    main()
