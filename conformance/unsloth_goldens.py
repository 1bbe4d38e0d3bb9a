"""Write what the stand-in for Unsloth does: tapes of small models, and traces of published sizes.

    python unsloth_goldens.py [--processes 2] [--only TEXT]

Finished traces are kept in a work file; an interrupted run goes on where it stopped. All sizes are bytes.
"""

from __future__ import annotations

import argparse
import gzip
import json

from memory_goldens import GOLDENS, finished, trace_all, work_file
from tape_goldens import golden
from unsloth_cases import unsloth_memory, unsloth_tapes

MEMORY = GOLDENS.with_name("memory-unsloth.jsonl.gz")
TAPES = GOLDENS.with_name("tapes-unsloth.jsonl.gz")


def write_memory(processes: int, only: str) -> None:
    cases = list(unsloth_memory())
    known = finished(MEMORY, again=False)
    trace_all([case for case in cases if json.dumps(case, sort_keys=True) not in known and only in case["id"]], processes, work_file(MEMORY))
    known = finished(MEMORY, again=False)
    rows = [known[key] for case in cases if (key := json.dumps(case, sort_keys=True)) in known]
    with gzip.GzipFile(MEMORY, "wb", mtime=0) as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())


def write_tapes() -> None:
    with gzip.GzipFile(TAPES, "wb", mtime=0) as file:
        for case in unsloth_tapes():
            file.write((json.dumps(golden(case), separators=(",", ":")) + "\n").encode())
            print(case["id"], flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="trace only cases whose id contains this text")
    arguments = parser.parse_args()
    write_tapes()
    write_memory(arguments.processes, arguments.only)


if __name__ == "__main__":
    main()
