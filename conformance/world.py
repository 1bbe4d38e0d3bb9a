"""Run the judges with the releases of a world, in a scratch folder, and say what is different there.

    python world.py transformers-5.24 [--only counts|memory|tapes] [--shares 1 0.2] [--scratch FOLDER]
    python world.py torch-2.14 --only memory  # another torch beside the releases of a world

Beside each golden of the usual world stands what the installed releases say to the same question; what differs is printed by
type of model, and summed up in worlds/NAME.json. Memory and tapes are goldens of their own (memory-NAME.jsonl.gz,
tapes-NAME.jsonl.gz): an interrupted run goes on where it stopped. `npm run world -- NAME` installs worlds/NAME.txt first.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface as hf
import trl

HERE = Path(__file__).resolve().parent
GOLDENS = HERE.parent / "packages" / "lora-calc" / "test" / "conformance"
COUNTS = ("trees", "counts", "method-counts", "layer-counts", "base-totals")
LEAVING_OUT = ("counts", "method-counts")
# Numbers and names; the words of an exception change order with Python's sets.
COMPARED = ("trainable", "all", "modules", "error", "parameters", "rows", "tied")

Row = dict[str, Any]


def read(path: Path) -> list[Row]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=HERE, check=True)


def facts(row: Row) -> Iterator[tuple[str, str]]:
    """Every question of a row with its answer, as text."""
    if "cases" not in row:
        yield "", json.dumps({key: row.get(key) for key in COMPARED}, sort_keys=True)
    for case in row.get("cases", ()):  # by the adapter: what is drawn depends on the names of the modules
        yield json.dumps(case["adapter"], sort_keys=True), json.dumps({key: case.get(key) for key in COMPARED}, sort_keys=True)


def compare_counts(name: str, scratch: Path) -> dict[str, Any]:
    """How many answers are compared, and which differ, by model_type."""
    out = scratch / f"{name}.jsonl.gz"
    if not out.exists():
        # The families are written for the usual release: what another cannot build is left out, by name.
        run(f"{name.replace('-', '_')}.py", str(out), *(["--other-release"] if name in LEAVING_OUT else []))
    usual = {row["id"]: dict(facts(row)) for row in read(GOLDENS / out.name) if "id" in row}
    compared, differ = 0, Counter[str]()
    for row in read(out):
        if "id" not in row:
            continue
        known = usual.get(row["id"], {})
        for question, answer in facts(row):
            if question in known:
                compared += 1
                differ[row["config"]["model_type"]] += known[question] != answer
    return {"compared": compared, "differ": dict(sorted((+differ).items()))}


def compare_memory(world: str, shares: list[str], goldens: Path) -> dict[str, Any]:
    """Peaks of the runs that are said in the same words in both worlds."""
    run("memory_goldens.py", "--world", installed_transformers(), "--shares", *shares, "--out", str(goldens))
    usual = {row["scenario"]["id"]: row for row in read(GOLDENS / "memory.jsonl.gz")}
    same, differ = 0, Counter[str]()
    rows = read(goldens)
    for row in rows:
        scenario, known = row["scenario"], usual.get(row["scenario"]["id"])
        if known is None or "expected" not in row or "expected" not in known:
            continue
        if known["scenario"]["training"] != scenario["training"]:
            continue
        same += 1
        peaks = [each["expected"]["allocated_peak"] for each in (known, row)]
        differ[scenario["model"]["config"]["model_type"]] += peaks[0] != peaks[1]
    errors = {row["scenario"]["id"]: row["error"]["type"] for row in rows if "error" in row}
    return {"traced": len(rows) - len(errors), "refused": errors, "asked_in_both": same, "differ": dict(sorted((+differ).items()))}


def installed_transformers() -> str:
    return ".".join(hf.versions()["transformers"].split(".")[:2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", help="name of a file in worlds/, such as transformers-5.24")
    parser.add_argument("--only", choices=("counts", "memory", "tapes"))
    parser.add_argument("--shares", nargs=2, default=["1", "0.2"], help="of the memory cases of small and of large models")
    parser.add_argument("--scratch", type=Path, default=None)
    arguments = parser.parse_args()
    world, installed = arguments.world, {**hf.versions(), "trl": trl.__version__}
    library, _, release = world.rpartition("-")
    if not installed.get(library, "").startswith(release):
        parser.error(f"{library} {installed.get(library)} is installed; {world} is asked for")
    scratch = arguments.scratch or HERE / "worlds" / ".scratch" / world
    scratch.mkdir(parents=True, exist_ok=True)
    summary_file = HERE / "worlds" / f"{world}.json"
    summary = json.loads(summary_file.read_text()) if summary_file.exists() else {}
    summary["versions"] = installed
    asked = [arguments.only] if arguments.only else ["counts", "memory", "tapes"]
    if "counts" in asked:
        for name in COUNTS:
            summary[name] = compare_counts(name, scratch)
            report(name, summary[name])
            summary_file.write_text(json.dumps(summary, indent=2) + "\n")
    if "memory" in asked:
        summary["memory"] = compare_memory(world, arguments.shares, GOLDENS / f"memory-{world}.jsonl.gz")
        report("memory", summary["memory"])
    if "tapes" in asked:
        run("tape_goldens.py", "--world", installed_transformers(), "--out", str(GOLDENS / f"tapes-{world}.jsonl.gz"))
    summary_file.write_text(json.dumps(summary, indent=2) + "\n")


def report(name: str, found: dict[str, Any]) -> None:
    differ = found["differ"]
    print(f"{name}: {found.get('compared', found.get('asked_in_both'))} compared, {sum(differ.values())} differ", flush=True)
    for model_type, count in differ.items():
        print(f"  {model_type}: {count}", flush=True)


if __name__ == "__main__":
    main()
