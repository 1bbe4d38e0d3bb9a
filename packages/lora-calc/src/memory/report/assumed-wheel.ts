/** Whether the build of torch, which nobody named, decides which attention kernel runs. */

import { cudaDecides } from "../../catalogue/cuda.js";
import type { ModuleNode } from "../../graph/tree/module-graph.js";
import type { Assumption } from "../../model/config.js";
import type { ChosenWorld } from "../../worlds/choose-world.js";
import { attentionRules } from "../../worlds/world.js";
import { unknownCard } from "../settings/device.js";
import type { Device } from "../settings/device.js";
import type { StepSettings } from "../settings/read-step.js";
import { attentionKernels } from "./attention-warnings.js";

/** The torch and the CUDA of its wheel, where another would run another kernel. */
export function assumedWheel(
  root: ModuleNode,
  { isAsked, training }: StepSettings,
  device: Device | undefined,
  { world, wheel, namedWheel }: ChosenWorld,
): readonly Assumption[] {
  if (!isAsked || training.attn_implementation !== "sdpa") return [];
  const name = device?.name ?? "the card";
  const { attention } = device ?? unknownCard(wheel);
  const kernelsOf = (torch: string): string => {
    const card = { ...attention, rules: attentionRules(torch) };
    return [...attentionKernels(root, training, card)].join(" and ");
  };
  const kernels = kernelsOf(wheel.torch);
  const other = world.releases.torch.find((torch) => kernelsOf(torch) !== kernels);
  const cudaReason = `torch's wheel from pip, which runs cuDNN's attention on ${name}`;
  const torchReason = `attention runs the ${kernels} kernel on ${name} with it, and ${kernelsOf(other ?? "")} with torch ${other ?? ""}`;
  return [
    ...(namedWheel.cuda === undefined && device !== undefined && cudaDecides(attention)
      ? [{ path: "versions.cuda", value: wheel.cuda, reason: cudaReason }]
      : []),
    ...(namedWheel.torch === undefined && other !== undefined
      ? [{ path: "versions.torch", value: wheel.torch, reason: torchReason }]
      : []),
  ];
}
