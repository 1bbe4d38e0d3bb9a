"""Puts newly judged lines into a file of goldens: equal ids are replaced, others come at the end.

    python merge.py GOLDENS.jsonl.gz NEW.jsonl.gz

Both begin with the versions of the judge, which must agree.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path


def lines_of(path: str) -> list[str]:
    return gzip.decompress(Path(path).read_bytes()).decode().splitlines()


def main() -> None:
    target, source = sys.argv[1:]
    (versions, *known), (new_versions, *judged) = lines_of(target), lines_of(source)
    if json.loads(versions) != json.loads(new_versions):
        sys.exit(f"judged by others: {versions} and {new_versions}")
    fresh = {json.loads(line)["id"]: line for line in judged}
    kept = [fresh.pop(json.loads(line)["id"], line) for line in known]
    text = "\n".join([versions, *kept, *fresh.values()]) + "\n"
    Path(target).write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(known)} lines, now {len(kept) + len(fresh)}")


if __name__ == "__main__":
    main()
