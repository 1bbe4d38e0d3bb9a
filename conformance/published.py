"""Writes what real PEFT saves for drawn adapters, and what it counts when it loads the files again.

    python published.py OUTPUT.jsonl.gz [--adapters N] [--methods A,B] [--shard K/OF] [MODEL_TYPE …]

One line per model with its cases: the adapter_config.json and the header of adapter_model.safetensors that
`save_pretrained` writes, the size of the file, and the parameters that `PeftModel.from_pretrained(is_trainable=True)`
counts on a fresh base, or its exception. Adapters that PEFT refuses are left out: nobody can publish them.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import huggingface as hf
import peft
import torch
from counts import chosen
from draw_adapters import Adapter, draw, names_of
from draw_methods import METHODS, draw_methods
from families import Model
from families.experts import FAMILIES as EXPERTS
from layer_counts import adapters as layer_adapters
from layer_counts import expert_adapters
from method_counts import with_weights

DTYPES = ("float32", "bfloat16")
# An untied model, a tied one, and one of Conv1D get the adapters on parameters and on repeated layers, too.
WITH_PARAMETERS = ("llama", "qwen2", "gpt2")
WITH_EXPERTS = tuple(family.model_type for family in EXPERTS)


def header_of(path: Path) -> dict[str, Any]:
    """Names with dtype and shape, as the file lists them."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return {name: [facts["dtype"], *facts["shape"]] for name, facts in header.items() if name != "__metadata__"}


def reloaded(base: torch.nn.Module, folder: str) -> dict[str, Any]:
    """Prompts cannot be loaded to be trained; of them only the sum of all parameters is comparable."""
    try:
        trains = not peft.PeftConfig.from_pretrained(folder).is_prompt_learning
        model = peft.PeftModel.from_pretrained(copy.deepcopy(base), folder, is_trainable=trains)
    except Exception as error:  # the exception is the fact
        return {"error": type(error).__name__, "message": str(error)[:200]}
    trainable, everything = hf.count_parameters(model)
    return {"trainable": trainable, "all": everything}


def published(base: torch.nn.Module, adapter: Adapter, folder: str) -> dict[str, Any] | None:
    try:
        torch.manual_seed(0)
        model = peft.get_peft_model(copy.deepcopy(base), hf.build_adapter_config(copy.deepcopy(adapter)))
        model.save_pretrained(folder)
    except Exception:
        return None
    path = Path(folder) / "adapter_model.safetensors"
    trainable, everything = hf.count_parameters(model)
    return {
        "adapter": json.loads((Path(folder) / "adapter_config.json").read_text()),
        "created": {"trainable": trainable, "all": everything},
        "loaded": reloaded(base, folder),
        "bytes": path.stat().st_size,
        "tensors": header_of(path),
    }


def as_loaded_in(dtype: str, model: Model) -> torch.nn.Module:
    """With weights, each tensor in the dtype that `from_pretrained(dtype=…)` leaves it in."""
    base = with_weights(model)
    loaded = hf.build_model(hf.build_config(model.config), model.architecture, hf.DTYPES[dtype])
    like = dict(loaded.named_parameters()) | dict(loaded.named_buffers())
    for name, tensor in [*base.named_parameters(), *base.named_buffers()]:
        tensor.data = tensor.data.to(like[name].dtype)
    return base


def cases_of(model: Model, how_many: int, methods: tuple[str, ...], dtype: str) -> dict[str, Any]:
    base = as_loaded_in(dtype, model)
    names = names_of(base)
    adapters = [*draw(model.id, names, how_many), *draw_methods(model.id, names, methods)]
    family = model.config["model_type"]
    adapters += layer_adapters(list(names.linear)) if family in WITH_PARAMETERS else []
    adapters += expert_adapters() if family in WITH_EXPERTS else []
    cases = []
    for adapter in adapters:
        with tempfile.TemporaryDirectory() as folder:
            case = published(base, adapter, folder)
        if case is not None:
            cases.append(case)
    facts = {"id": model.id, "config": model.config, "architecture": model.architecture, "dtype": dtype}
    return {**facts, "cases": cases}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("model_types", nargs="*")
    parser.add_argument("--adapters", type=int, default=6, help="LoRA adapters drawn per model")
    parser.add_argument("--methods", default=",".join(METHODS), help="other methods to draw, by peft_type")
    parser.add_argument("--shard", default="0/1", help="K/OF: every OFth model, starting with the Kth")
    arguments = parser.parse_args()
    methods = tuple(filter(None, arguments.methods.split(",")))
    index, shards = map(int, arguments.shard.split("/"))
    seen: set[str] = set()
    with gzip.GzipFile(arguments.output, "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for model in chosen(arguments.model_types):
            family = model.config["model_type"]
            if family in seen:
                continue
            seen.add(family)
            if len(seen) % shards != index:
                continue
            line = cases_of(model, arguments.adapters, methods, DTYPES[len(seen) % 2])
            file.write((json.dumps(line) + "\n").encode())
            file.flush()


if __name__ == "__main__":
    main()
