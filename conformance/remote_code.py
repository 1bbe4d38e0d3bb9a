"""Trees and counts of models whose classes lie in their repository (trust_remote_code), by that code itself.

    python remote_code.py TREES.jsonl.gz COUNTS.jsonl.gz FOLDER [FOLDER …]

A folder is a copy of the repository without its weights: config.json and the Python beside it. Its sizes are made small in
several ways; PEFT counts on them as on any model (counts.py). These classes are written for transformers 4: run it with that
release (worlds/transformers-4.57.txt). It runs the code of the folders: look at it first.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import huggingface as hf
import own_code
import torch
from counts import case
from draw_adapters import draw, names_of
from module_tree import tied_groups
from trees import input_embedding, path_of, rows

ADAPTERS = 12

# What a name of a size means to the class is what is asked: each is changed alone, from small ones.
SMALL: dict[str, dict[str, Any]] = {
    "qwen": {
        **{"hidden_size": 32, "intermediate_size": 96, "num_attention_heads": 4, "kv_channels": 8, "num_hidden_layers": 2},
        **{"vocab_size": 64, "use_flash_attn": False, "fp32": True},
    },
    "baichuan": {
        **{"hidden_size": 32, "intermediate_size": 80, "num_attention_heads": 4, "num_hidden_layers": 2},
        "vocab_size": 64,
    },
    "internlm2": {
        **{"hidden_size": 32, "intermediate_size": 80, "num_attention_heads": 4, "num_key_value_heads": 2},
        **{"num_hidden_layers": 2, "vocab_size": 64},
    },
    # The first ChatGLM, of other modules under the same model_type.
    "chatglm-1": {
        **{"hidden_size": 32, "inner_hidden_size": 80, "num_attention_heads": 4, "num_layers": 2, "vocab_size": 64},
        **{"max_sequence_length": 32, "torch_dtype": "float32"},
    },
    "chatglm": {
        **{"hidden_size": 32, "ffn_hidden_size": 80, "num_attention_heads": 4, "kv_channels": 8, "num_layers": 2},
        **{"padded_vocab_size": 64, "multi_query_group_num": 2, "seq_length": 32, "torch_dtype": "float32"},
    },
}
CHANGES: dict[str, list[dict[str, Any]]] = {
    "qwen": [{}, {"kv_channels": 16}, {"no_bias": False}, {"num_hidden_layers": 3}],
    "baichuan": [{}, {"num_attention_heads": 8}, {"num_hidden_layers": 3}],
    "internlm2": [{}, {"num_key_value_heads": 4}, {"bias": True}, {"num_hidden_layers": 3}],
    "chatglm-1": [{}, {"num_attention_heads": 8}, {"num_layers": 3}],
    "chatglm": [
        *({}, {"multi_query_attention": False}, {"kv_channels": 16}, {"add_bias_linear": True}, {"add_qkv_bias": False}),
        *({"post_layer_norm": False}, {"rmsnorm": False}),
    ],
}


def built(folder: Path, values: dict[str, Any]) -> torch.nn.Module:
    config = own_code.config_of(folder, values)
    build = own_code.model_class(config)
    config.name_or_path = ""
    with torch.device("meta"):
        model = build(config)
    model.tie_weights()  # as from_pretrained does once it has loaded
    return model


def records(folder: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    published = json.loads((folder / "config.json").read_text())
    kind = "chatglm-1" if "inner_hidden_size" in published else published["model_type"]
    found = []
    for number, change in enumerate(CHANGES[kind]):
        values = {**published, **SMALL[kind], **change}
        model = built(folder, values)
        about = {"id": f"{folder.name}-{number}", "config": values, "architecture": None}
        tree = {
            **about,
            "class": type(model).__name__,
            "rows": rows(model),
            "tied": tied_groups(model),
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "input": path_of(model, input_embedding(model)),
            "output": path_of(model, model.get_output_embeddings()),
        }
        adapters = draw(about["id"], names_of(model), ADAPTERS)
        found.append((tree, {**about, "cases": [case(model, adapter) for adapter in adapters]}))
        print(about["id"], tree["class"], tree["parameters"], flush=True)
    whole = built(folder, published)
    print(folder.name, "as published:", sum(parameter.numel() for parameter in whole.parameters()), flush=True)
    return found


def write(path: str, lines: list[dict[str, Any]]) -> None:
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        for line in [{"versions": hf.versions()}, *lines]:
            file.write((json.dumps(line) + "\n").encode())


def main() -> None:
    trees, counts, *folders = sys.argv[1:]
    found = [record for folder in folders for record in records(Path(folder))]
    write(trees, [tree for tree, _ in found])
    write(counts, [count for _, count in found])


if __name__ == "__main__":
    main()
