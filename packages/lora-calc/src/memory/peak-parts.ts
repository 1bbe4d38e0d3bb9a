/** What is alive at the peak, by part, with the largest tensors named. */

import type { Dtype } from "../units/dtype.js";
import type { Allocation } from "./machine/tape.js";
import { partOf, PARTS } from "./parts.js";
import type { PartName } from "./parts.js";
import type { RecordedStep } from "./run-step.js";

/** Equal tensors that are alive together. */
export interface TensorGroup {
  /** Module path with `*` for the layer index; empty outside modules. */
  readonly module: string;
  /** PyTorch operator that made them. */
  readonly op: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly count: number;
  /** What all of them ask for. Unit: bytes. */
  readonly bytes: number;
}

export interface PeakPart {
  readonly name: PartName;
  /** What the allocator hands out for them. */
  readonly bytes: number;
  /** Largest groups first. */
  readonly tensors: readonly TensorGroup[];
}

/** Every part at the moment right after an event; `sizes` are the bytes handed out per id. They add up to what is allocated. */
export function partsAfter(
  step: RecordedStep,
  event: number,
  sizes: Float64Array,
): readonly PeakPart[] {
  const { events, origins } = step.recording;
  const { allocations } = step.tape;
  // Copies of each recorded allocation that are alive (equal layers share one), and what they occupy.
  const alive = new Int32Array(allocations.length);
  const occupied = new Float64Array(allocations.length);
  for (let at = 0; at <= event; at += 1) {
    const code = events[at] ?? 0;
    const id = code < 0 ? ~code : code;
    const origin = origins[id] ?? -1;
    const sign = code < 0 ? -1 : 1;
    alive[origin] = (alive[origin] ?? 0) + sign;
    occupied[origin] = (occupied[origin] ?? 0) + sign * (sizes[id] ?? 0);
  }
  const shares = new Map(
    PARTS.map((name) => [name, { bytes: 0, groups: new Map<string, TensorGroup>() }]),
  );
  allocations.forEach((allocation, origin) => {
    const count = alive[origin] ?? 0;
    const share = shares.get(partOf(allocation.kind));
    if (count === 0 || share === undefined) return;
    share.bytes += occupied[origin] ?? 0;
    addTo(share.groups, allocation, count);
  });
  return [...shares].map(([name, { bytes, groups }]) => ({
    name,
    bytes,
    tensors: [...groups.values()].sort((left, right) => right.bytes - left.bytes),
  }));
}

function addTo(groups: Map<string, TensorGroup>, allocation: Allocation, copies: number): void {
  const { tag, shape, dtype, bytes } = allocation;
  const module = layerPattern(allocation.module ?? "");
  const key = `${module} ${tag} ${shape.join("x")} ${dtype}`;
  const known = groups.get(key);
  const count = (known?.count ?? 0) + copies;
  const sum = (known?.bytes ?? 0) + copies * bytes;
  groups.set(key, { module, op: tag, shape, dtype, count, bytes: sum });
}

/** `model.layers.11.mlp` → `model.layers.*.mlp`. */
function layerPattern(path: string): string {
  return path.replace(/(?<=\.)\d+(?=\.|$)/g, "*");
}
