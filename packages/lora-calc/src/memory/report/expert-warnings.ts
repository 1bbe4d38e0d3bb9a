/** What experts cost that people do not expect. */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import { hasGroupedProduct } from "../../catalogue/cuda.js";
import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import { stackedExperts } from "../../graph/tree/stacked-experts.js";
import type { Warning } from "../../problem/codes.js";
import { bytesOf, elementCount } from "../../units/dtype.js";
import { formatBytes, formatCount } from "../../units/format.js";
import type { Device } from "../settings/device.js";
import type { StepSettings } from "../settings/read-step.js";

type Asked = Pick<StepSettings, "quantization" | "training" | "isAsked"> & {
  readonly device: Device | undefined;
};

export function expertWarnings(
  graph: ModuleGraph,
  plan: AdapterPlan,
  { quantization, training, isAsked, device }: Asked,
): readonly Warning[] {
  const layers = sitesOf(graph).filter(({ node }) => stackedExperts(node).length > 0);
  const warnings: Warning[] = [];
  if (quantization !== undefined && layers.length > 0) {
    const parameters = layers.reduce((sum, site) => sum + site.count * expertElements(site), 0);
    const stays = `${formatCount(parameters)} parameters, ${formatBytes(bytesOf(parameters, training.dtype))} in ${training.dtype}`;
    warnings.push({
      code: "experts_not_quantized",
      message: `bitsandbytes packs linear layers only: the experts stay as they are, ${stays}`,
    });
  }
  const adapted = plan.modules.find(
    ({ parameterName, site }) =>
      parameterName !== undefined && stackedExperts(site.node).length > 0,
  );
  if (isAsked && adapted !== undefined) {
    const bytes = bytesOf(expertElements(adapted.site), training.dtype);
    warnings.push({
      code: "experts_rebuilt",
      message: `adapters on experts write W + BA of a whole layer anew in every pass, up to ${formatBytes(bytes)} each time; adapters on the attention alone do not`,
    });
  }
  const grouped = layers.find(({ node }) => isGrouped(node));
  if (grouped !== undefined && device !== undefined && !hasGroupedProduct(device.attention)) {
    const sizes = stackedExperts(grouped.node).map(({ shape }) => elementCount(shape));
    const bytes = bytesOf(Math.max(...sizes), training.dtype);
    warnings.push({
      code: "experts_one_by_one",
      message: `${device.name} has no grouped product (that needs compute capability 8.0): transformers multiplies expert by expert, and each backward pass makes a gradient of ${formatBytes(bytes)} for a layer's experts even where they are frozen`,
    });
  }
  return warnings;
}

/** Whether the experts run as one grouped product, where the card has it. */
function isGrouped({ forward }: ModuleNode): boolean {
  return forward?.kind === "experts" && forward.computesAll !== true;
}

/** Weights of the experts of one layer. */
function expertElements({ node }: Site): number {
  return stackedExperts(node).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
