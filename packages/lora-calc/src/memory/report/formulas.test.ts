import { describe, expect, it } from "vitest";
import { formulaOf } from "./formulas.js";
import type { FormulaInputs } from "./formulas.js";
import type { ComputedPart } from "../replay/parts.js";
import type { TensorGroup } from "./peak-parts.js";
import { DEFAULT_STEP } from "../../fields/step.js";

const MIB = 2 ** 20;

function group(fields: Partial<TensorGroup>): TensorGroup {
  return {
    module: "",
    op: "aten::mm",
    shape: [2, 3],
    dtype: "bfloat16",
    count: 1,
    bytes: 12,
    ...fields,
  };
}

const plain: FormulaInputs = {
  stored: {
    bytes: 2000,
    quantizedParameters: 0,
    quantizedBytes: 0,
    plainParameters: 1_235_814_400,
  },
  training: DEFAULT_STEP,
};

function formula(part: ComputedPart, tensors: readonly TensorGroup[], inputs = plain): string {
  return formulaOf(part, tensors, inputs);
}

describe("the formula of a part", () => {
  it("is said to be empty where nothing is alive", () => {
    expect(formula("loss", [])).toBe("none alive at the peak");
  });

  it("of plain weights is their number times their width", () => {
    expect(formula("weights", [group({})])).toBe("1,235,814,400 × 2 B (bfloat16)");
  });

  it("of quantized weights has the bytes per parameter with its constants", () => {
    const stored = {
      bytes: 0,
      quantizedParameters: 1_000_000,
      quantizedBytes: 515_625,
      plainParameters: 4096,
    };
    expect(formula("weights", [group({})], { ...plain, stored })).toBe(
      "1,000,000 × 0.5156 B (quantized, with constants) + 4,096 × 2 B (bfloat16)",
    );
  });

  it.each([
    ["adapter_a", "A (rank × in) of every adapted module"],
    ["adapter_b", "B (out × rank) of every adapted module"],
    ["adapter_other", "trained beside A and B"],
    ["optimizer", "states of the trained parameters"],
    ["gradients", "gradients alive then"],
  ] as const)("of %s adds its elements up by dtype", (part, what) => {
    const tensors = [
      group({ shape: [16, 4096], dtype: "float32", count: 2 }),
      group({ shape: [16, 1024], dtype: "float32", count: 1 }),
      group({ shape: [8], dtype: "uint8", count: 3 }),
    ];
    expect(formula(part, tensors)).toBe(`${what}: 147,456 × 4 B (float32) + 24 × 1 B (uint8)`);
  });

  it("of activations names the four largest groups by shape and module, and sums up the rest", () => {
    const tensors = [
      group({ count: 32, shape: [2, 2048, 4096], module: "model.layers.*.mlp.act_fn" }),
      group({ module: "model.layers.*", op: "aten::add" }),
      group({ op: "aten::sum" }),
      group({ shape: [] }),
    ];
    const named =
      "32 × (2, 2048, 4096) bfloat16 of mlp.act_fn + 1 × (2, 3) bfloat16 of model.layers.* + 1 × (2, 3) bfloat16 of aten::sum + 1 × () bfloat16 of aten::mm";
    expect(formula("activations", tensors)).toBe(named);
    const rest = [group({ bytes: 3 * MIB }), group({ bytes: 2 * MIB })];
    expect(formula("activations", [...tensors, ...rest])).toBe(`${named} + 5.0 MiB of others`);
  });
});
