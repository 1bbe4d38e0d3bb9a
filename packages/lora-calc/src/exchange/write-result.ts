/** From the engine's values to the published result format. */

import type { BeyondName, Certainty, PartName } from "../fields/result-names.js";
import type { AdapterPlan } from "../adapter/plan/plan.js";
import type { MemoryEstimate } from "../memory/report/estimate-memory.js";
import { eventName } from "../memory/report/estimate-memory.js";
import { isReadLoss } from "../memory/report/evidence.js";
import { formulaOf } from "../memory/report/formulas.js";
import type { FormulaInputs } from "../memory/report/formulas.js";
import { phaseName } from "../memory/machine/phase.js";
import type { Moment } from "../memory/replay/course.js";
import { sourceOf } from "../memory/report/part-sources.js";
import { PARTS, RARE_PARTS } from "../memory/replay/parts.js";
import type {
  MemoryPart,
  MemoryResult,
  ModuleRow,
  ParameterCounts,
  TimelinePoint,
} from "../result.js";
import { elementCount } from "../units/dtype.js";
import { formatBytes } from "../units/format.js";
import { missing } from "../problem/missing.js";
import type { ChosenWorld } from "../worlds/choose-world.js";
import { labelsOf } from "../worlds/world.js";
import type { LibraryLabels } from "../worlds/world.js";

export function parameterCounts(plan: AdapterPlan, base: number): ParameterCounts {
  const { trainable, all } = plan;
  return {
    trainable,
    all,
    percent: all === 0 ? 0 : (100 * trainable) / all,
    base,
    by_module: joined([...plan.modules.map(adaptedRow), ...plan.copies.map(copiedRow)]),
  };
}

/** Modules of one path and shape in one row, though their layers differ elsewhere. */
function joined(rows: readonly ModuleRow[]): readonly ModuleRow[] {
  const bySight = new Map<string, ModuleRow>();
  for (const row of rows) {
    const { count, trainable, ...facts } = row;
    const key = JSON.stringify({ ...facts, each: trainable / count });
    const before = bySight.get(key);
    bySight.set(
      key,
      before === undefined
        ? row
        : { ...row, count: before.count + count, trainable: before.trainable + trainable },
    );
  }
  return [...bySight.values()];
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

export function memoryResult(
  memory: MemoryEstimate,
  inputs: FormulaInputs,
  chosen: Pick<ChosenWorld, "world" | "isNearest">,
): MemoryResult {
  return {
    allocated_peak: memory.allocatedPeak,
    reserved_peak: memory.reservedPeak,
    reserved_loaded: memory.reservedLoaded,
    process_peak: memory.processPeak,
    ...(memory.allocator === undefined
      ? {}
      : {
          allocator: {
            conf: memory.allocator,
            reserved_peak: memory.reservedInForce,
          },
        }),
    peak_event: memory.peak.event,
    peak: {
      ...memory.peak,
      phase: phaseName(memory.peak.phase),
      module: memory.peak.module ?? null,
    },
    parts: memory.parts
      .filter(({ name, bytes }) => bytes > 0 || !RARE_PARTS.includes(name))
      .map((part) => memoryPart(part, inputs, chosen)),
    beyond_tensors: beyondTensors(memory, labelsOf(chosen.world)),
    timeline: memory.moments.map(timelinePoint),
  };
}

const MAX_NAMED_TENSORS = 8;

function memoryPart(
  { name, bytes, tensors }: MemoryEstimate["parts"][number],
  inputs: FormulaInputs,
  { world, isNearest }: Pick<ChosenWorld, "world" | "isNearest">,
): MemoryPart<PartName> {
  return {
    name,
    bytes,
    certainty: certaintyOf(name, inputs.training, isNearest),
    formula: formulaOf(name, tensors, inputs),
    source: sourceOf(name, inputs.training, world),
    tensors: tensors.slice(0, MAX_NAMED_TENSORS),
  };
}

function certaintyOf(
  part: PartName,
  { loss, unsloth }: FormulaInputs["training"],
  isNearest: boolean,
): Certainty {
  if (isNearest) return "assumed";
  // Unsloth's forwards were compared with a stand-in that was read from its source.
  if (unsloth !== undefined && !LOADED.includes(part)) return "read";
  return part === "loss" && isReadLoss(loss) ? "read" : "traced";
}

/** Parts that lie there before a step begins. */
const LOADED: readonly PartName[] = ["weights", "adapter_a", "adapter_b", "adapter_other"];

/** What the process holds beside the allocated tensors at their peaks. */
function beyondTensors(
  memory: MemoryEstimate,
  { torch, bitsandbytes }: LibraryLabels,
): readonly MemoryPart<BeyondName>[] {
  const { reservedInForce: reservedPeak, allocatedPeak, context, managedBytes, nccl } = memory;
  const cache = `reserved ${formatBytes(reservedPeak)} − allocated ${formatBytes(allocatedPeak)}`;
  const formula = `${formatBytes(context.bytes)} for one process, from ${formatBytes(context.bytes - context.below)} to ${formatBytes(context.bytes + context.above)}`;
  const paged = {
    ...{ name: "paged_optimizer" as const, bytes: managedBytes, certainty: "read" as const },
    formula: `${formatBytes(managedBytes)} of moments in managed memory, which the driver moves when the card is full`,
    source: `${bitsandbytes} functional.py get_paged`,
  };
  return [
    {
      ...{ name: "allocator_cache", bytes: reservedPeak - allocatedPeak, certainty: "traced" },
      ...{ formula: cache, source: `${torch} c10/cuda/CUDACachingAllocator.cpp` },
    },
    {
      ...{ name: "cuda_context", bytes: context.bytes, certainty: "fitted", formula },
      source: "public out-of-memory messages on 16 kinds of cards; it grows with resident threads",
    },
    ...(managedBytes === 0 ? [] : [paged]),
    ...(nccl.bytes === 0 ? [] : [buffersOf(nccl)]),
  ];
}

function buffersOf({ bytes, below, above }: MemoryEstimate["nccl"]): MemoryPart<BeyondName> {
  return {
    ...{ name: "nccl", bytes, certainty: "assumed" },
    formula: `${formatBytes(bytes)} for one communicator, from ${formatBytes(bytes - below)} to ${formatBytes(bytes + above)}: it hangs on the links between the cards`,
    source: "public reports on NCCL's buffers, by number of cards",
  };
}

function timelinePoint({ phase, loop, iteration, allocated, bytes }: Moment): TimelinePoint {
  const loss = bytes[PARTS.indexOf("loss")] ?? missing();
  return {
    phase: phaseName(phase),
    event: eventName(phase, loop, loop === undefined && loss > 0),
    ...(loop === undefined ? {} : { loop: loop.kind, iteration }),
    allocated,
    parts: partsPresent(bytes),
  };
}

/** Written field by field: entries would cost a fiftieth of the whole estimate. */
function partsPresent(bytes: readonly number[]): TimelinePoint["parts"] {
  const parts: Partial<Record<PartName, number>> = {};
  PARTS.forEach((name, index) => {
    const amount = bytes[index] ?? missing();
    if (amount !== 0) parts[name] = amount;
  });
  return parts;
}
