/**
 * Micro-batches written once more instead of run: the third of a step does what the second did, and those of the second
 * step what those of the first did.
 */

import type { Machine } from "../machine/machine.js";
import type { Phase } from "../machine/phase.js";
import { Storage, Tensor } from "../machine/tensor.js";
import { copyEvents, isRepeatable, placeOn } from "./copy-events.js";
import type { Stretch } from "./copy-events.js";

/** What the loop's variables hold until they are bound anew. */
export interface LoopVariables {
  loss: Tensor | undefined;
  batch: readonly Tensor[];
  /** Outputs of the model, which a hand-written loop never deletes. */
  outputs: readonly Tensor[];
}

/** What micro-batches found in the variables, did, and left behind. */
export interface BatchesRecord extends Stretch {
  readonly found: readonly Tensor[];
  /** Parameters whose gradients are made in the stretch, with these. */
  readonly gradients: readonly (readonly [Tensor, Tensor])[];
  readonly loss: Tensor | undefined;
  readonly batch: readonly Tensor[];
}

/** Begins a record; `end` is undefined when what happened ends something that only happens once. */
export function recordBatches(
  m: Machine,
  parameters: readonly Tensor[],
  variables: LoopVariables,
): { readonly end: () => BatchesRecord | undefined } {
  const start = placeOn(m.tape);
  const found = held(variables);
  return {
    end: () => {
      const end = placeOn(m.tape);
      const carried = new Map(found.map(({ storage: { id } }) => [id, id]));
      if (!isRepeatable(m.tape, { start, end }, carried)) return undefined;
      const gradients = parameters.flatMap((parameter) =>
        parameter.grad === undefined ? [] : [[parameter, parameter.grad] as const],
      );
      return { start, end, found, gradients, loss: variables.loss, batch: variables.batch };
    },
  };
}

/** Does once more what was recorded, with what the variables hold now in place of what they held then. */
export function repeatBatches(
  m: Machine,
  record: BatchesRecord,
  variables: LoopVariables,
  phaseOf: (phase: Phase) => Phase,
): void {
  const now = held(variables);
  const carried = new Map(
    record.found.map(({ storage }, index) => [storage.id, now[index]?.storage.id ?? -1] as const),
  );
  const phases = new Map<Phase, Phase>();
  const newPhase = (phase: Phase): Phase => {
    const known = phases.get(phase) ?? phaseOf(phase);
    phases.set(phase, known);
    return known;
  };
  const newId = copyEvents(m.tape, record, carried, (allocation) =>
    allocation.kind === "workspace"
      ? undefined
      : { ...allocation, phase: newPhase(allocation.phase) },
  );
  const copyOf = ({ storage, shape, strides, dtype }: Tensor): Tensor => {
    const id = newId(storage.id);
    if (id === undefined) throw new Error("what micro-batches left behind was not made in them");
    return m.retain(new Tensor(new Storage(id), shape, strides, dtype));
  };
  for (const [parameter, gradient] of record.gradients) parameter.grad = copyOf(gradient);
  variables.loss = record.loss === undefined ? undefined : copyOf(record.loss);
  variables.batch = record.batch.map(copyOf);
}

function held({ loss, batch }: LoopVariables): readonly Tensor[] {
  return loss === undefined ? batch : [...batch, loss];
}
