/** From the engine's values to the published result format. */

import type { AdapterPlan } from "./adapter/plan.js";
import type { MemoryEstimate } from "./memory/estimate-memory.js";
import { eventName } from "./memory/estimate-memory.js";
import { formulaOf } from "./memory/formulas.js";
import type { FormulaInputs } from "./memory/formulas.js";
import type { Kind } from "./memory/machine/tape.js";
import { KINDS } from "./memory/machine/tape.js";
import type { Moment } from "./memory/replay.js";
import type {
  Certainty,
  MemoryPart,
  MemoryResult,
  ModuleRow,
  ParameterCounts,
  TimelinePoint,
} from "./result.js";
import { elementCount } from "./units/dtype.js";
import { formatBytes } from "./units/format.js";

export function parameterCounts(plan: AdapterPlan, base: number): ParameterCounts {
  const { trainable, all } = plan;
  return {
    trainable,
    all,
    percent: all === 0 ? 0 : (100 * trainable) / all,
    base,
    by_module: [...plan.modules.map(adaptedRow), ...plan.copies.map(copiedRow)],
  };
}

function adaptedRow({ site, tensors, lora }: AdapterPlan["modules"][number]): ModuleRow {
  const { layer, type } = site.node;
  const perModule = tensors
    .filter((tensor) => tensor.trainable && tensor.isBuffer !== true)
    .reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const features =
    layer?.kind === "linear" || layer?.kind === "hf_conv1d"
      ? { in_features: layer.inFeatures, out_features: layer.outFeatures }
      : {};
  return {
    path: site.pattern,
    type,
    count: site.count,
    trainable: site.count * perModule,
    ...features,
    ...(lora === undefined ? {} : { rank: lora.rank, scaling: lora.scaling }),
  };
}

function copiedRow({ site, parameterCount }: AdapterPlan["copies"][number]): ModuleRow {
  return {
    path: site.pattern,
    type: site.node.type,
    count: site.count,
    trainable: site.count * parameterCount,
  };
}

export function memoryResult(memory: MemoryEstimate, inputs: FormulaInputs): MemoryResult {
  return {
    allocated_peak: memory.allocatedPeak,
    reserved_peak: memory.reservedPeak,
    process_peak: memory.processPeak,
    peak_event: memory.peak.event,
    peak: memory.peak,
    parts: [...memory.parts.map((part) => memoryPart(part, inputs)), roundingPart(memory)],
    beyond_tensors: beyondTensors(memory),
    timeline: memory.moments.map(timelinePoint),
  };
}

/** Names of the parts as the result shows them. */
const PART_NAMES: Readonly<Partial<Record<Kind, string>>> = {
  dequantized: "dequantized_weights",
  workspace: "cublas_workspace",
  logits: "logits_and_loss",
};

function nameOf(kind: Kind): string {
  return PART_NAMES[kind] ?? kind;
}

const MAX_NAMED_TENSORS = 8;

function memoryPart(
  { kind, bytes, tensors }: MemoryEstimate["parts"][number],
  inputs: FormulaInputs,
): MemoryPart {
  return {
    name: nameOf(kind),
    bytes,
    certainty: "derived",
    formula: formulaOf(kind, tensors, inputs),
    tensors: tensors.slice(0, MAX_NAMED_TENSORS),
  };
}

function roundingPart({ rounding }: MemoryEstimate): MemoryPart {
  return {
    name: "rounding",
    bytes: rounding,
    certainty: "derived",
    formula: "blocks of 512 B, and rests of blocks that the allocator does not split off",
  };
}

/** What the process holds beside the allocated tensors at their peaks. */
function beyondTensors(memory: MemoryEstimate): readonly MemoryPart[] {
  const { reservedPeak, allocatedPeak, contextBytes, managedBytes } = memory;
  const part = (
    name: string,
    bytes: number,
    certainty: Certainty,
    formula: string,
  ): MemoryPart => ({
    name,
    bytes,
    certainty,
    formula,
  });
  const cache = `reserved ${formatBytes(reservedPeak)} − allocated ${formatBytes(allocatedPeak)}`;
  return [
    part("allocator_cache", reservedPeak - allocatedPeak, "derived", cache),
    part("cuda_context", contextBytes, "assumed", "one process on a card of this generation"),
    ...(managedBytes === 0
      ? []
      : [part("paged_optimizer", managedBytes, "derived", "moments in managed memory")]),
  ];
}

function timelinePoint({ phase, loop, iteration, allocated, bytes }: Moment): TimelinePoint {
  const logits = bytes[KINDS.indexOf("logits")] ?? 0;
  return {
    phase,
    event: eventName(phase, loop, loop === undefined && logits > 0),
    ...(loop === undefined ? {} : { loop, iteration }),
    allocated,
    parts: Object.fromEntries(
      KINDS.flatMap((kind, index) => {
        const amount = bytes[index] ?? 0;
        return amount === 0 ? [] : [[nameOf(kind), amount]];
      }),
    ),
  };
}
