"""Writes the size of every model_type whose configuration says nothing but its name: the defaults of the configuration classes.

    python defaults.py OUTPUT.jsonl.gz
"""

from __future__ import annotations

import gzip
import json
import sys
from typing import Any

import huggingface as hf
from families.catalogue import FAMILIES


def size(model_type: str, architecture: str | None) -> dict[str, Any]:
    config = {"model_type": model_type}
    record = {"id": model_type, "config": config, "architecture": architecture}
    try:
        model = hf.build_model(hf.build_config(config), architecture)
    except Exception as error:  # the exception is the fact
        return {**record, "error": type(error).__name__}
    return {**record, "class": type(model).__name__, "parameters": sum(parameter.numel() for parameter in model.parameters())}


def main() -> None:
    (output,) = sys.argv[1:]
    with gzip.GzipFile(output, "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for family in FAMILIES:
            file.write((json.dumps(size(family.model_type, family.default_architecture)) + "\n").encode())


if __name__ == "__main__":
    main()
