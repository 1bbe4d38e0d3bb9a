/** A task of SkyPilot. */

import { yamlText } from "../writers/yaml-text.js";
import type { Engine } from "./engine.js";
import { torchrun } from "./engine.js";

/** Its names of cards. Source: SkyPilot 0.14 catalogs, `sky gpus list`. */
const NAMES: Readonly<Record<string, string>> = {
  ...{
    p100: "P100",
    "v100-16gb": "V100",
    "v100-32gb": "V100-32GB",
    t4: "T4",
    l4: "L4",
    l40: "L40",
    l40s: "L40S",
  },
  ...{ a10: "A10", a10g: "A10G", a40: "A40", "a100-40gb": "A100", "a100-80gb-sxm": "A100-80GB" },
  ...{
    "a100-80gb-pcie": "A100-80GB",
    "h100-sxm": "H100",
    "h100-pcie": "H100",
    h200: "H200",
    b200: "B200",
  },
  ...{ "rtx-3090": "RTX3090", "rtx-4090": "RTX4090", "rtx-5090": "RTX5090" },
};

const MEETING = [
  "--nnodes=$SKYPILOT_NUM_NODES",
  "--node-rank=$SKYPILOT_NODE_RANK",
  '--master-addr=$(echo "$SKYPILOT_NODE_IPS" | head -n 1)',
  "--master-port=29500",
];

export const SKYPILOT: Engine = {
  release: "SkyPilot 0.14",
  fileName: "sky.yaml",
  command: "sky launch -c lora sky.yaml",
  toFill: "HF_TOKEN in your environment (--secret HF_TOKEN)",
  notes: [
    "the cluster runs, and costs, until sky down lora; autostop ends it after 30 idle minutes",
  ],
  whyNone: ({ card }) =>
    card !== undefined && Object.hasOwn(NAMES, card)
      ? undefined
      : `SkyPilot's name of ${card ?? "the card"} is not known here; say one of ${Object.keys(NAMES).join(", ")} as hardware.gpu`,
  write: (job) =>
    yamlText({
      name: "lora",
      workdir: ".",
      ...(job.nodes === 1 ? {} : { num_nodes: job.nodes }),
      resources: {
        accelerators: `${NAMES[job.card ?? ""] ?? ""}:${job.cards}`,
        autostop: 30,
      },
      secrets: { HF_TOKEN: null },
      setup: `pip install ${job.packages.join(" ")}`,
      run: torchrun(job, MEETING),
    }),
};
