"""Judge the sizes of the catalogue: parameters of every row, as transformers builds it on the meta device, tied weights once.

    python catalogue_sizes.py            # compare, and print rows that differ
    python catalogue_sizes.py --write    # fill in the rows that have no size yet
    python catalogue_sizes.py --own-code FOLDER …   # rows whose classes lie in their repository, by copies of it (remote_code.py)

The class is the first of `architectures`, else the causal one of the model_type, else the usual one.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import huggingface as hf
import remote_code
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, MODEL_MAPPING_NAMES

OWN_CODE = {"qwen", "baichuan", "internlm2", "chatglm"}
ROWS = Path(__file__).resolve().parent.parent / "scripts" / "catalogue" / "models.json"


def class_of(config: dict[str, Any]) -> str:
    architectures = config.get("architectures")
    name = architectures[0] if architectures else MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(config["model_type"])
    return name or MODEL_MAPPING_NAMES[config["model_type"]]


def parameters_of(config: dict[str, Any], folders: list[Path]) -> int:
    if folders:
        # Of several folders of one model_type the one whose config.json names the sizes of this row.
        found = [values for folder in folders if (values := json.loads((folder / "config.json").read_text()))]
        fits = [number for number, values in enumerate(found) if set(config) <= set(values) | {"architectures", "tie_word_embeddings"}]
        number = next(each for each in fits if found[each]["model_type"] == config["model_type"])
        return sum(p.numel() for p in remote_code.built(folders[number], {**found[number], **config}).parameters())
    model = hf.build_model(hf.build_config(config), class_of(config))
    return sum(parameter.numel() for parameter in model.parameters())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--own-code", nargs="+", type=Path, default=[], metavar="FOLDER")
    arguments = parser.parse_args()
    rows = json.loads(ROWS.read_text())
    types = {json.loads((folder / "config.json").read_text())["model_type"] for folder in arguments.own_code} or OWN_CODE
    asked = [row for row in rows if not arguments.write or row["parameters"] is None]
    asked = [row for row in asked if (row["config"]["model_type"] in types) == bool(arguments.own_code)]
    equal = 0
    for row in asked:
        try:
            counted = parameters_of(row["config"], arguments.own_code)
        except Exception as error:  # a class that another row names
            print(f"{row['id']}: {type(error).__name__}: {str(error)[:120]}", flush=True)
            continue
        if row["parameters"] is None:
            row["parameters"] = counted
            print(f"{row['id']}: {counted:,}", flush=True)
        elif row["parameters"] == counted:
            equal += 1
        else:
            print(f"{row['id']}: {row['parameters']:,} in the catalogue, {counted:,} by transformers", flush=True)
    print(f"{equal} of {len(asked)} equal")
    if arguments.write:
        ROWS.write_text("[\n" + ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
