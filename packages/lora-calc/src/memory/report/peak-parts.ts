/** What is alive at the peak, by part, with the largest tensors named. */

import type { Dtype } from "../../units/dtype.js";
import type { Allocation } from "../machine/tape.js";
import { partOf, PARTS } from "../replay/parts.js";
import type { ComputedPart } from "../replay/parts.js";
import type { RecordedStep } from "../programs/run-step.js";
import { missing } from "../../problem/missing.js";

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
  readonly name: ComputedPart;
  /** What the allocator hands out for them. */
  readonly bytes: number;
  /** Largest groups first. */
  readonly tensors: readonly TensorGroup[];
}

/** Every part at the moment right after an event; `partBytes` is what the allocator hands out for each. */
export function partsAfter(
  step: RecordedStep,
  event: number,
  partBytes: readonly number[],
): readonly PeakPart[] {
  const { events, origins } = step.recording;
  const { allocations } = step.tape;
  // How many copies of each recorded allocation are alive: equal layers share one.
  const alive = new Int32Array(allocations.length);
  for (let at = 0; at <= event; at += 1) {
    const code = events[at] ?? missing();
    const origin = origins[code < 0 ? ~code : code] ?? -1;
    alive[origin] = (alive[origin] ?? missing()) + (code < 0 ? -1 : 1);
  }
  const groups = new Map(PARTS.map((name) => [name, new Map<string, TensorGroup>()]));
  allocations.forEach((allocation, origin) => {
    const count = alive[origin] ?? missing();
    const group = groups.get(partOf(allocation.kind));
    if (count > 0 && group !== undefined) addTo(group, allocation, count);
  });
  return [...groups].map(([name, group], index) => ({
    name,
    bytes: partBytes[index] ?? missing(),
    tensors: [...group.values()].sort((left, right) => right.bytes - left.bytes),
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
