/** What is alive at the peak, by role, with the largest tensors named. */

import type { Dtype } from "../units/dtype.js";
import type { Allocation, Kind } from "./machine/tape.js";
import { KINDS } from "./machine/tape.js";
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
  /** Of all of them. Unit: bytes. */
  readonly bytes: number;
}

export interface PeakPart {
  readonly kind: Kind;
  readonly bytes: number;
  /** Largest groups first. */
  readonly tensors: readonly TensorGroup[];
}

/** Parts of the moment right after an event; their sum is what the tensors asked for, before rounding. */
export function partsAfter(step: RecordedStep, event: number): readonly PeakPart[] {
  const { events, origins } = step.recording;
  // How many copies of each recorded allocation are alive: equal layers share one.
  const alive = step.tape.allocations.map(() => 0);
  for (let at = 0; at <= event; at += 1) {
    const code = events[at] ?? 0;
    const origin = origins[code < 0 ? ~code : code] ?? -1;
    alive[origin] = (alive[origin] ?? 0) + (code < 0 ? -1 : 1);
  }
  const byKind = new Map<Kind, Map<string, TensorGroup>>();
  step.tape.allocations.forEach((allocation, origin) => {
    const count = alive[origin] ?? 0;
    if (count > 0) addTo(byKind, allocation, count);
  });
  return KINDS.flatMap((kind) => {
    const groups = byKind.get(kind);
    if (groups === undefined) return [];
    const tensors = [...groups.values()].sort((left, right) => right.bytes - left.bytes);
    return [{ kind, bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0), tensors }];
  });
}

function addTo(
  byKind: Map<Kind, Map<string, TensorGroup>>,
  allocation: Allocation,
  copies: number,
): void {
  const { kind, tag, shape, dtype, bytes } = allocation;
  const module = layerPattern(allocation.module);
  let groups = byKind.get(kind);
  if (groups === undefined) {
    groups = new Map();
    byKind.set(kind, groups);
  }
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
