/** A job of the Hub: a command, and a script that says what it needs (PEP 723). */

import type { Engine, Job } from "./engine.js";

/** Flavors of one card. Source: huggingface_hub 2.4 `JobHardware`. */
const FLAVORS: Readonly<Record<string, string>> = {
  ...{ t4: "t4-small", l4: "l4x1", l40s: "l40sx1", a10g: "a10g-small" },
  ...{ "a100-80gb-sxm": "a100-large", h200: "h200", "rtx-pro-6000-bw": "rtx-pro-6000" },
};

function whyNone({ card, cards, nodes }: Job): string | undefined {
  if (cards * nodes > 1)
    return "uv runs a script in one process, and several cards need one each; take one card, or slurm, skypilot, kubeflow";
  return card !== undefined && Object.hasOwn(FLAVORS, card)
    ? undefined
    : `the Hub has no flavor of ${card ?? "the card"}; say one of ${Object.keys(FLAVORS).join(", ")} as hardware.gpu`;
}

export const HF_JOBS: Engine = {
  release: "huggingface_hub 2.4",
  fileName: "run-on-hf-jobs.sh",
  command: "bash run-on-hf-jobs.sh",
  toFill: "--timeout: without one a job stops after 30 minutes",
  notes: [
    "the disk of a job is lost with it: push_to_hub has to be set, or what is trained is gone",
  ],
  whyNone,
  write: ({ card = "" }) =>
    [
      "#!/bin/bash",
      "set -euo pipefail",
      "hf jobs uv run \\",
      `  --flavor ${FLAVORS[card] ?? ""} \\`,
      "  --timeout 8h \\",
      "  --secrets HF_TOKEN \\",
      "  train.py",
      "",
    ].join("\n"),
  scriptHead: ({ packages }) => [
    "# /// script",
    '# requires-python = ">=3.10"',
    `# dependencies = [${packages.map((each) => `"${each}"`).join(", ")}]`,
    "# ///",
  ],
};
