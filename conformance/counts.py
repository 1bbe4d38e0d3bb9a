"""Writes counts that real PEFT prints for drawn adapters on every small model in `families`.

    python counts.py OUTPUT.jsonl.gz [--adapters N] [--shard K/OF] [--other-release] [MODEL_TYPE …]

One line per model with its cases: adapter, then trainable and all parameters and the adapted modules by pattern, or the
exception. Each base is built once and copied for each of its adapters.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import huggingface as hf
import torch
from draw_adapters import Adapter, draw, names_of
from families import Model, models_of
from families.catalogue import FAMILIES
from module_tree import collapse
from peft.tuners.tuners_utils import BaseTunerLayer

PREFIX = "base_model.model."


def adapted(model: torch.nn.Module) -> dict[str, Any]:
    """The adapted modules: patterns with how many there are of each, and the start of a hash of all their paths."""
    found = [name for name, module in model.named_modules() if isinstance(module, BaseTunerLayer)]
    # The layer of single trained tokens sits inside the wrapper of the module it belongs to.
    layers = [name for name in found if not name.endswith(".token_adapter")]
    paths = sorted(name.removeprefix(PREFIX) for name in layers)
    digest = hashlib.sha256("\n".join(paths).encode()).hexdigest()
    return {"modules": dict(Counter(map(collapse, paths))), "paths": digest[:16]}


def case(base: torch.nn.Module, adapter: Adapter) -> dict[str, Any]:
    record: dict[str, Any] = {"adapter": adapter}
    try:
        model = hf.add_adapter(copy.deepcopy(base), hf.build_adapter_config(copy.deepcopy(adapter)))
    except Exception as error:  # the exception is the fact
        return {**record, "error": type(error).__name__, "message": str(error)[:160]}
    trainable, everything = hf.count_parameters(model)
    return {**record, "trainable": trainable, "all": everything, **adapted(model)}


def built(model: Model, is_other_release: bool) -> torch.nn.Module | None:
    """None where another release of transformers does not have the class, or cannot build it from this configuration."""
    try:
        return hf.build_model(hf.build_config(model.config), model.architecture)
    except Exception as error:
        if not is_other_release:  # the families are written for the release in requirements.txt, which builds all of them
            raise
        print(f"{model.id}: {type(error).__name__} {error}", flush=True)
        return None


def cases_of(model: Model, base: torch.nn.Module, how_many: int) -> dict[str, Any]:
    adapters = draw(model.id, names_of(base), how_many)
    return {
        "id": model.id,
        "config": model.config,
        "architecture": model.architecture,
        "cases": [case(base, adapter) for adapter in adapters],
    }


def chosen(model_types: list[str]) -> Iterator[Model]:
    for family in FAMILIES:
        if not model_types or family.model_type in model_types:
            yield from models_of(family)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("model_types", nargs="*")
    parser.add_argument("--adapters", type=int, default=12, help="adapters drawn per model")
    parser.add_argument("--shard", default="0/1", help="K/OF: every OFth model, starting with the Kth")
    parser.add_argument("--other-release", action="store_true", help="leave out, by name, what cannot be built")
    arguments = parser.parse_args()
    index, shards = map(int, arguments.shard.split("/"))
    with gzip.GzipFile(arguments.output, "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for number, model in enumerate(chosen(arguments.model_types)):
            if number % shards != index:
                continue
            base = built(model, arguments.other_release)
            if base is not None:
                file.write((json.dumps(cases_of(model, base, arguments.adapters)) + "\n").encode())


if __name__ == "__main__":
    main()
