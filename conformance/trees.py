"""Writes the module tree of every small model in `families`, as transformers builds it.

    python trees.py OUTPUT.jsonl.gz [MODEL_TYPE …]

One line per model: rows in the order of `named_modules()`, parameters, buffers, tied names, input and output embedding.
A model that transformers refuses gives its exception. With model types, only those are written and nothing is kept.
"""

from __future__ import annotations

import gzip
import json
import sys
from typing import Any

import huggingface as hf
import torch
from families import Model, models_of
from families.catalogue import FAMILIES
from module_tree import collapse, tied_groups


def shapes(module: torch.nn.Module) -> dict[str, Any]:
    """Shape and dtype of parameters, and of buffers, registered on the module itself."""
    facts: dict[str, Any] = {}
    parameters = {name: list(value.shape) for name, value in module.named_parameters(recurse=False)}
    buffers = {
        name: [list(value.shape), str(value.dtype).removeprefix("torch.")]
        for name, value in module.named_buffers(recurse=False)
    }
    if parameters:
        facts["parameters"] = parameters
    if buffers:
        facts["buffers"] = buffers
    return facts


def rows(model: torch.nn.Module) -> list[dict[str, Any]]:
    """Equal modules of one pattern share a row with the number of repeats."""
    found: dict[str, dict[str, Any]] = {}
    for path, module in model.named_modules():
        facts = {"path": collapse(path), "type": type(module).__name__, **shapes(module)}
        row = found.setdefault(json.dumps(facts), {**facts, "count": 0})
        row["count"] += 1
    return list(found.values())


def path_of(model: torch.nn.Module, module: torch.nn.Module | None) -> str | None:
    return next((path for path, value in model.named_modules() if value is module), None) if module else None


def input_embedding(model: Any) -> torch.nn.Module | None:
    """None where transformers does not know the one of a class (clip, wav2vec2)."""
    try:
        return model.get_input_embeddings()
    except NotImplementedError:
        return None


def tree(case: Model) -> dict[str, Any]:
    record: dict[str, Any] = {"id": case.id, "config": case.config, "architecture": case.architecture}
    try:
        model = hf.build_model(hf.build_config(case.config), case.architecture)
    except Exception as error:  # the exception is the fact
        return {**record, "error": type(error).__name__}
    return {
        **record,
        "class": type(model).__name__,
        "rows": rows(model),
        "tied": tied_groups(model),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "input": path_of(model, input_embedding(model)),
        "output": path_of(model, model.get_output_embeddings()),
    }


def main() -> None:
    output, *model_types = sys.argv[1:]
    chosen = [family for family in FAMILIES if not model_types or family.model_type in model_types]
    with gzip.GzipFile(output, "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for family in chosen:
            for case in models_of(family):
                file.write((json.dumps(tree(case)) + "\n").encode())


if __name__ == "__main__":
    main()
