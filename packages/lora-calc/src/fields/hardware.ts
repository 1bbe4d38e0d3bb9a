/** Fields of `hardware`: ours, and options of a strategy under their owners' names. */

import { choice, either, integer, object, ownedBy } from "./row.js";

const MAX_CARDS = 2 ** 16;

export const CUSTOM_CARD = ownedBy("lora-calc", {
  memory_bytes: integer("total that nvidia-smi shows, in place of a card", {
    ...{ min: 1, unit: "bytes" as const },
  }),
});

/** Options of a strategy; none has a program yet. */
export const STRATEGY_FIELDS = {
  ...ownedBy("TrainingArguments", { fsdp_config: object("options of FSDP") }),
  ...ownedBy("DeepSpeed", { zero_optimization: object("options of ZeRO") }),
};

export const HARDWARE_FIELDS = {
  ...ownedBy("lora-calc", {
    gpu: either(
      [{ kind: "text" }, { kind: "section", rows: CUSTOM_CARD }],
      'card such as "RTX 4090", or its memory such as 24GiB',
      { flag: ["--gpu"], argument: "name" },
    ),
    count: integer("cards", {
      ...{ min: 1, max: MAX_CARDS, default: 1, flag: ["--gpu-count", "--gpus"], argument: "n" },
    }),
    nodes: integer("machines with as many cards", {
      ...{ min: 1, max: MAX_CARDS, default: 1, flag: ["--nodes"], argument: "n" },
    }),
    strategy: choice(
      ["ddp", "fsdp2", "fsdp1", "zero1", "zero2", "zero3", "auto"],
      "how several cards share the work",
      { default: "ddp", flag: ["--strategy"], argument: "name" },
    ),
    other_process_bytes: integer("memory that other processes and the desktop hold", {
      ...{ min: 0, default: 0, unit: "bytes" as const },
    }),
    context_bytes: integer("CUDA context of one process, where it was measured (calibrate)", {
      ...{ min: 0, unit: "bytes" as const },
    }),
    ...CUSTOM_CARD,
  }),
  ...STRATEGY_FIELDS,
};
