"""Times the count that real PEFT makes: build the model on the meta device, add the adapter, count.

Reads {"config", "adapter", "runs"} as JSON on stdin; writes {"trainable", "all", "seconds": [...]}.
"""

import json
import sys
import time

import torch
from peft import get_peft_model
from peft.mapping import get_peft_config
from transformers import AutoConfig, AutoModelForCausalLM


def count(config: dict, adapter: dict) -> tuple[int, int]:
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
        peft_config = get_peft_config({"peft_type": "LORA", **adapter})
        peft_model = get_peft_model(model, peft_config, low_cpu_mem_usage=True)
    return peft_model.get_nb_trainable_parameters()


def main() -> None:
    case = json.load(sys.stdin)
    seconds = []
    for _ in range(case["runs"]):
        start = time.perf_counter()
        trainable, total = count(case["config"], case["adapter"])
        seconds.append(time.perf_counter() - start)
    json.dump({"trainable": trainable, "all": total, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
