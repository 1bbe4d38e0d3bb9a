"""Counts of models whose checkpoint holds an own output embedding where the configuration ties it.

    python unequal_ties.py ../packages/lora-calc/test/conformance/unequal-ties.jsonl.gz [MODEL_TYPE …]

`from_pretrained` of transformers 5.18 ties a pair only if the checkpoint lacks one of the two or both hold the same numbers
(modeling_utils.py `tie_weights`). Each small model that ties is saved, its file gets an own head of other numbers, and
is loaded again; then PEFT counts adapters on it. `apart` says whether the loaded head is a parameter of its own.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import huggingface as hf
import torch
from counts import case, chosen
from draw_adapters import draw, names_of
from families import Model
from method_counts import with_weights
from safetensors.torch import load_file, save_file


def head_name(model: torch.nn.Module) -> str | None:
    """Name of the output embedding's weight, when the configuration ties it to another."""
    head = model.get_output_embeddings()
    weight = getattr(head, "weight", None)
    names = [name for name, value in model.named_parameters(remove_duplicate=False) if value is weight]
    return next((name for name in names if name in model.all_tied_weights_keys), None)


def loaded(base: torch.nn.Module, head: str) -> torch.nn.Module:
    with tempfile.TemporaryDirectory() as folder:
        base.save_pretrained(folder)
        path = Path(folder) / "model.safetensors"
        tensors = load_file(path)
        tensors[head] = torch.rand_like(base.get_parameter(head)) + 1.0
        save_file(tensors, path, {"format": "pt"})
        return type(base).from_pretrained(folder)


def record(model: Model) -> dict[str, Any] | None:
    try:
        base = with_weights(model)
        head = head_name(base)
        if head is None:
            return None
        names = names_of(base)
        apart = loaded(base, head)
    except Exception as error:
        return {"id": model.id, "error": f"{type(error).__name__}: {error}"[:200]}
    _, everything = hf.count_parameters(apart)
    weight = apart.get_parameter(head)
    own = sum(value is weight for _, value in apart.named_parameters(remove_duplicate=False)) == 1
    embedding = head.rpartition(".")[0].rpartition(".")[2]
    fixed = {"peft_type": "LORA", "r": 4, "target_modules": "all-linear", "modules_to_save": [embedding]}
    cases = [case(apart, adapter) for adapter in [*draw(f"{model.id} apart", names, 5), fixed]]
    facts = {"id": model.id, "config": model.config, "architecture": model.architecture}
    return {**facts, "head": head, "apart": own, "base": everything, "cases": cases}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("model_types", nargs="*")
    arguments = parser.parse_args()
    seen: set[str] = set()
    with gzip.GzipFile(arguments.output, "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for model in chosen(arguments.model_types):
            family = model.config["model_type"]
            if family in seen:
                continue
            torch.manual_seed(0)
            line = record(model)
            if line is None:
                continue
            if "error" in line:
                print(line, flush=True)
                continue
            seen.add(family)
            print(line["id"], line["apart"], flush=True)
            file.write((json.dumps(line) + "\n").encode())


if __name__ == "__main__":
    main()
