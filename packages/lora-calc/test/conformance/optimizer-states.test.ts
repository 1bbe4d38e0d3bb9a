/** The state tensors of bitsandbytes' and torchao's optimizers, as they make them themselves. Goldens: conformance/optimizer_states.py. */

import { describe, expect, it } from "vitest";
import { Machine } from "../../src/memory/machine/machine.js";
import { createOptimizer } from "../../src/memory/programs/optimizers/create-optimizer.js";
import { bytesOf, elementCount } from "../../src/units/dtype.js";
import type { Dtype } from "../../src/units/dtype.js";
import type { OptimizerName } from "../../src/memory/settings/training.js";
import { readGoldens } from "./goldens.js";

interface Row {
  readonly optim: OptimizerName;
  readonly shape: readonly number[];
  readonly states: readonly (readonly ["cuda" | "managed", readonly number[], Dtype])[];
}

/** The codes of blocks in 8 bits, which all parameters share. */
const CODE = "256 float32";

function stepped({ optim, shape }: Row): { readonly card: string[]; readonly managed: number } {
  const m = new Machine();
  const parameter = m.retain(m.empty("parameter", shape, "float32"));
  parameter.grad = m.retain(m.empty("gradient", shape, "float32"));
  const none = new Set<never>();
  createOptimizer(optim, { parameters: [parameter], embeddings: none, copies: none }).step(m);
  const made = m.tape.allocations.slice(2).map((each) => `${each.shape.join()} ${each.dtype}`);
  return { card: made, managed: m.outside.peak("managed") };
}

const rows = readGoldens("optimizer-states.jsonl.gz") as readonly Row[];

describe.each([...new Set(rows.map(({ optim }) => optim))])("%s", (optim) => {
  it.each(rows.filter((row) => row.optim === optim))("of $shape", (row) => {
    const { card, managed } = stepped(row);
    const isShared = !optim.startsWith("adamw_torch");
    const own = isShared ? card.filter((each) => each !== CODE) : card;
    const expected = row.states.filter(([place]) => place === "cuda");
    expect(own).toEqual(expected.map(([, shape, dtype]) => `${shape.join()} ${dtype}`));
    const paged = row.states.filter(([place]) => place === "managed");
    const bytes = paged.map(([, shape, dtype]) => bytesOf(elementCount(shape), dtype));
    expect(managed).toBe(bytes.reduce((sum, each) => sum + each, 0));
  });
});
