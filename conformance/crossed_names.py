"""Counts where one option names the same thing twice: tied embeddings with their heads, and modules around the adapter itself.

    python crossed_names.py ../packages/lora-calc/test/conformance/crossed-names.jsonl.gz [--other-release]

One model a line, as counts.py writes them. PEFT follows ties and names by rules of their own here: single tokens of an embedding
and of a head that is tied to it, and `modules_to_save` that hits the wrapper of the model.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from typing import Any

import huggingface as hf
import torch
from counts import built, case, chosen
from draw_adapters import names_of

TASKS = ("TOKEN_CLS", "QUESTION_ANS", "SEQ_CLS", "CAUSAL_LM")
WRAPPING = ("model", "base_model", "encoder")
TOKENS = [1, 2, 3]


def tied_paths(model: torch.nn.Module) -> list[str]:
    """Modules that hold the weight of the input embedding, that one first; none where words are not what goes in."""
    try:
        weight = getattr(model.get_input_embeddings(), "weight", None)
    except NotImplementedError:
        weight = None
    if weight is None:
        return []
    return [path for path, module in model.named_modules(remove_duplicate=False) if getattr(module, "weight", None) is weight]


def adapters_of(model: torch.nn.Module) -> list[dict[str, Any]]:
    linear = names_of(model).linear[0]
    adapters: list[dict[str, Any]] = []
    paths = tied_paths(model)
    names = list(dict.fromkeys(path.rpartition(".")[2] for path in paths))
    if len(paths) > 1:
        tokens = {"peft_type": "TRAINABLE_TOKENS", "token_indices": TOKENS}
        adapters += [{**tokens, "target_modules": targets} for targets in ([*names], [names[-1]], [paths[-1]], paths[:2], "|".join(paths))]
        adapters.append({**tokens, "target_modules": [*names, linear]})
        plain = {"peft_type": "LORA", "r": 4, "target_modules": [linear]}
        adapters += [{**plain, "trainable_token_indices": {name: TOKENS for name in names}}]
        adapters += [{**plain, "modules_to_save": names, "ensure_weight_tying": ties} for ties in (False, True)]
    for task in TASKS:
        adapters += [
            {"peft_type": method, **rank, "target_modules": [linear], "modules_to_save": [name], "task_type": task}
            for method, rank in (("LORA", {"r": 4}), ("IA3", {"feedforward_modules": []}))
            for name in WRAPPING
        ]
    return adapters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("model_types", nargs="*")
    parser.add_argument("--models", type=int, default=3, help="models of each family, from the first on")
    parser.add_argument("--other-release", action="store_true", help="leave out, by name, what cannot be built")
    arguments = parser.parse_args()
    seen: Counter[str] = Counter()
    with gzip.GzipFile(arguments.output, "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for model in chosen(arguments.model_types):
            family = model.config["model_type"]
            seen[family] += 1
            base = built(model, arguments.other_release) if seen[family] <= arguments.models else None
            if base is None:
                continue
            cases = [case(base, adapter) for adapter in adapters_of(base)]
            facts = {"id": model.id, "config": model.config, "architecture": model.architecture}
            file.write((json.dumps({**facts, "cases": cases}) + "\n").encode())


if __name__ == "__main__":
    main()
