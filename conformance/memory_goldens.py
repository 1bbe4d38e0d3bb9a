"""Trace the memory of every case with real code and write the results as goldens for the TypeScript tests.

    python memory_goldens.py [--per-model 12] [--processes 2] [--limit N] [--only TEXT] [--finished] [--again]
    python memory_goldens.py --world 5.24 --shares 1 0.25 --out OUT.jsonl.gz   # with another release of transformers installed

Cases that the goldens have are not traced again unless asked for. Finished cases are kept in a work file, so an interrupted
run goes on where it stopped. All sizes are bytes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
from pathlib import Path
from typing import Any

from memory_cases import CARDS, Case, all_cases, in_world, size_of, world_cases
from own_code_cases import RELEASE as OWN_CODE_RELEASE
from own_code_cases import own_code_memory

ROOT = Path(__file__).resolve().parent.parent
GOLDENS = ROOT / "packages" / "lora-calc" / "test" / "conformance" / "memory.jsonl.gz"
KEPT = ("allocated_peak", "reserved_peak", "reserved_peak_expandable", "peak_event", "phases", "steady", "versions")


def work_file(goldens: Path) -> Path:
    return goldens.with_name(f".{goldens.name}.work")


def trace_case(case: Case) -> dict[str, Any]:
    """Record of one case: the scenario and what the real code allocated, or the exception it raised."""
    from trace import trace  # heavy imports belong to the worker processes

    config = case["model"]["config"]
    request = {"config": config, **{key: case[key] for key in ("adapter", "quantization", "training")}}
    if "stack" in case:
        request["stack"] = case["stack"]
    hardware = case.get("hardware", {})
    if "count" in hardware:
        request["hardware"] = hardware
    if "gpu" in hardware:
        capability, workspace = CARDS[case["hardware"]["gpu"]]
        request["device"] = {"compute_capability": capability}
        request["training"] = case["training"] | {"cublas_workspace_bytes": workspace}
    if not config.get("architectures", ["ForCausalLM"])[0].endswith(("ForCausalLM", "LMHeadModel")):
        request["architecture"] = config["architectures"][0]
    try:
        result = trace(request)
    except Exception as error:  # every failure is the result of its case
        return {"scenario": case, "error": {"type": type(error).__name__, "message": str(error)[:300]}}
    return {"scenario": case, "expected": {key: result[key] for key in KEPT}}


def finished(goldens: Path, again: bool) -> dict[str, dict[str, Any]]:
    """Records of earlier runs by their scenario: of the goldens, unless all are traced again, and of the work file."""
    lines = [] if again or not goldens.exists() else gzip.decompress(goldens.read_bytes()).decode().splitlines()
    work = work_file(goldens)
    lines += work.read_text().splitlines() if work.exists() else []
    rows = [json.loads(line) for line in lines]
    return {json.dumps(row["scenario"], sort_keys=True): row for row in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-model", type=int, default=12)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--finished", action="store_true", help="trace nothing, write what earlier runs have finished")
    parser.add_argument("--only", default="", help="trace only cases whose id contains this text")
    parser.add_argument("--again", action="store_true", help="trace what the goldens have, too")
    parser.add_argument("--world", help="release of transformers that is installed, where it is not the usual one")
    parser.add_argument("--shares", type=float, nargs=2, default=(1.0, 1.0), help="of the cases of small and of large models, there")
    parser.add_argument("--out", type=Path, default=GOLDENS)
    arguments = parser.parse_args()
    goldens = arguments.out
    cases = cases_of(arguments)[: arguments.limit]
    known = finished(goldens, arguments.again)
    wanted = [case for case in cases if arguments.only in case["id"]]
    missing = [case for case in wanted if json.dumps(case, sort_keys=True) not in known]
    missing.sort(key=lambda case: size_of(case["model"]["config"]))  # small models first: most cases early
    print(f"{len(cases)} cases, {len(missing)} to trace", flush=True)
    if not arguments.finished:
        trace_all(missing, arguments.processes, work_file(goldens))
    known = finished(goldens, again=False)  # what was traced now takes the place of what the goldens have
    rows = [known[key] for case in cases if (key := json.dumps(case, sort_keys=True)) in known]
    goldens.parent.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(goldens, "wb", mtime=0) as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())


def cases_of(arguments: argparse.Namespace) -> list[Case]:
    if arguments.world is None:
        return all_cases(arguments.per_model)
    from losses import HAS_FUSED_HEAD

    own = own_code_memory() if arguments.world == OWN_CODE_RELEASE else ()
    return world_cases(arguments.world, HAS_FUSED_HEAD, *arguments.shares) + [in_world(each, arguments.world, HAS_FUSED_HEAD) for each in own]


def trace_all(missing: list[Case], processes: int, work_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=8) as pool, work_path.open("a") as work:
        for count, row in enumerate(pool.imap_unordered(trace_case, missing), start=1):
            work.write(json.dumps(row) + "\n")
            work.flush()
            print(f"{count}/{len(missing)} {row['scenario']['id']}", flush=True)


if __name__ == "__main__":
    main()
