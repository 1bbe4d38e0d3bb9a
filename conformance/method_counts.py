"""Writes counts that real PEFT gives for its other methods on small models in `families`.

    python method_counts.py OUTPUT.jsonl.gz [--methods A,B] [MODEL_TYPE …]

One line per model with its cases, as counts.py writes them: one drawn configuration of every method. The models have real
weights on the CPU, because some methods decompose them or draw from them.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import json
from collections import Counter
from typing import Any

import huggingface as hf
import peft
import torch
from counts import adapted, built, chosen
from draw_adapters import Adapter, names_of
from draw_methods import METHODS, draw_methods
from families import Model


def case(base: torch.nn.Module, adapter: Adapter) -> dict[str, Any]:
    record: dict[str, Any] = {"adapter": adapter}
    try:
        torch.manual_seed(0)
        model = peft.get_peft_model(copy.deepcopy(base), hf.build_adapter_config(copy.deepcopy(adapter)))
    except Exception as error:  # the exception is the fact
        return {**record, "error": type(error).__name__, "message": str(error)[:160]}
    trainable, everything = hf.count_parameters(model)
    return {**record, "trainable": trainable, "all": everything, **adapted(model)}


def with_weights(model: Model) -> torch.nn.Module:
    base = hf.build_model(hf.build_config(model.config), model.architecture).to_empty(device="cpu")
    base.tie_weights()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in base.parameters():
            parameter.normal_(0, 0.02)
    return base


def cases_of(model: Model, methods: tuple[str, ...]) -> dict[str, Any]:
    base = with_weights(model)
    adapters = draw_methods(model.id, names_of(base), methods)
    return {
        "id": model.id,
        "config": model.config,
        "architecture": model.architecture,
        "cases": [case(base, adapter) for adapter in adapters],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("model_types", nargs="*")
    parser.add_argument("--models", type=int, default=3, help="models of each family, from the first on")
    parser.add_argument("--methods", default=",".join(METHODS), help="methods to draw, by peft_type")
    parser.add_argument("--other-release", action="store_true", help="leave out, by name, what cannot be built")
    arguments = parser.parse_args()
    methods = tuple(arguments.methods.split(","))
    with gzip.GzipFile(arguments.output, "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        seen: Counter[str] = Counter()
        for model in chosen(arguments.model_types):
            family = model.config["model_type"]
            seen[family] += 1
            if seen[family] > arguments.models:
                continue
            if arguments.other_release and built(model, True) is None:
                continue
            file.write((json.dumps(cases_of(model, methods)) + "\n").encode())


if __name__ == "__main__":
    main()
