"""Writes the size of every published model in models.json, as transformers builds it on the meta device.

    python base_totals.py OUTPUT.jsonl.gz

One line per model: id, repository, configuration, class, and parameters, tied weights once. A model
that transformers refuses gives its exception.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import huggingface as hf

CONFIGS = Path(__file__).parent / "models.json"


def total(row: dict[str, Any]) -> dict[str, Any]:
    record = {key: row[key] for key in ("id", "repo", "config", "architecture")}
    try:
        model = hf.build_model(hf.build_config(row["config"]), row["architecture"])
    except Exception as error:  # the exception is the fact
        return {**record, "error": type(error).__name__, "message": str(error)[:160]}
    return {**record, "parameters": sum(parameter.numel() for parameter in model.parameters())}


def main() -> None:
    with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for row in json.loads(CONFIGS.read_text()):
            file.write((json.dumps(total(row)) + "\n").encode())
            print(row["id"], flush=True)


if __name__ == "__main__":
    main()
