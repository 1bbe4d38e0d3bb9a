"""Writes which tensors of every small model in `families` have another dtype than the one asked for, once they are loaded.

    python loaded_dtypes.py OUTPUT.jsonl.gz

One line per model: parameters and saved buffers by path, as `from_pretrained(dtype=…)` leaves them, for each dtype of 16 bits.
"""

from __future__ import annotations

import gzip
import json
import sys
from typing import Any

import huggingface as hf
import torch
from families import models_of
from families.catalogue import FAMILIES
from module_tree import collapse

ASKED = ("bfloat16", "float16")


def kept(model: torch.nn.Module, asked: str) -> dict[str, str]:
    """Dtype by path of every saved tensor of numbers that has not the dtype asked for."""
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    saved = model.state_dict().keys()
    dtypes = {collapse(path): str(value.dtype).removeprefix("torch.") for path, value in tensors.items() if path in saved}
    return {path: dtype for path, dtype in sorted(dtypes.items()) if dtype != asked}


def record(config: dict[str, Any], architecture: str | None) -> dict[str, dict[str, str]] | None:
    try:
        return {asked: kept(hf.build_model(hf.build_config(config), architecture, hf.DTYPES[asked]), asked) for asked in ASKED}
    except Exception:  # trees.py says which models transformers refuses
        return None


def main() -> None:
    with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for case in (case for family in FAMILIES for case in models_of(family)):
            dtypes = record(case.config, case.architecture)
            if dtypes is not None:
                facts = {"id": case.id, "config": case.config, "architecture": case.architecture, "dtypes": dtypes}
                file.write((json.dumps(facts) + "\n").encode())


if __name__ == "__main__":
    main()
