import { describe, expect, it } from "vitest";
import { contextOf, stepKind, usableBytes } from "../catalogue/cuda.js";
import { findGpu, listGpus } from "../catalogue/gpus.js";
import { DEFAULT_STEP } from "../fields/step.js";
import type { JsonObject } from "../problem/fields.js";
import { isObject } from "../problem/fields.js";
import { cardsThatHold, MIN_SAVING, priceLevers, priceRaises } from "./advise.js";
import type { Price, Priced } from "./advise.js";
import type { Situation } from "./situation.js";

const MIB = 2 ** 20;
const BASE: Priced = { processPeak: 1000 * MIB, heldAtMost: 0, verdict: "tight" };
const situation: Situation = {
  training: {
    ...DEFAULT_STEP,
    per_device_train_batch_size: 4,
    max_length: 512,
    gradient_checkpointing: false,
  },
  adapter: { r: 8, lora_dropout: 0.1 },
  quantization: null,
};

function field(scenario: JsonObject, section: string, name: string): unknown {
  const fields = scenario[section];
  return isObject(fields) ? fields[name] : undefined;
}

/** A price by what a lever saves, in bytes. */
function saving(savings: Readonly<Record<string, number>>): Price {
  return (scenario) => {
    const pulled: Readonly<Record<string, boolean>> = {
      checkpointing: field(scenario, "training", "gradient_checkpointing") === true,
      micro_batch: field(scenario, "training", "per_device_train_batch_size") === 2,
      nf4: field(scenario, "quantization", "load_in_4bit") === true,
      no_dropout: field(scenario, "adapter", "lora_dropout") === 0,
      half_rank: field(scenario, "adapter", "r") === 4,
      bf16_adapters: field(scenario, "training", "adapter_dtype") === "bfloat16",
    };
    const saved = Object.entries(savings).reduce(
      (sum, [id, bytes]) => sum + (pulled[id] === true ? bytes : 0),
      0,
    );
    return { processPeak: BASE.processPeak - saved, heldAtMost: 0, verdict: "fits" };
  };
}

describe("priceLevers", () => {
  it("offers what frees at least a mebibyte, cheap levers first, then the largest saving", () => {
    expect(MIN_SAVING).toBe(MIB);
    const price = saving({
      no_dropout: MIN_SAVING,
      half_rank: MIN_SAVING - 1,
      bf16_adapters: 5 * MIB,
      nf4: 400 * MIB,
      micro_batch: 50 * MIB,
      checkpointing: 300 * MIB,
    });
    const levers = priceLevers({}, situation, BASE, price);
    expect(levers.map(({ id, saves }) => [id, saves / MIB])).toEqual([
      ["nf4", 400],
      ["checkpointing", 300],
      ["micro_batch", 50],
      ["bf16_adapters", 5],
      ["no_dropout", 1],
    ]);
    expect(levers[1]).toMatchObject({
      text: expect.stringContaining("checkpointing") as string,
      cost: expect.stringContaining("time") as string,
      change: { training: { gradient_checkpointing: true } },
      verdict: "fits",
    });
  });

  it("offers nothing that has no price or makes the peak higher, and no verdict without a card", () => {
    expect(priceLevers({}, situation, BASE, () => undefined)).toEqual([]);
    expect(priceLevers({}, situation, BASE, saving({ nf4: -5 * MIB }))).toEqual([]);
    const cardless: Price = () => ({ processPeak: 0, heldAtMost: 0, verdict: undefined });
    const [first] = priceLevers({}, situation, BASE, cardless);
    expect(first).toBeDefined();
    expect(first).not.toHaveProperty("verdict");
  });
});

describe("priceRaises", () => {
  const start = {
    scenario: {},
    situation,
    parameters: { trainable: 0, all: 0, percent: 0, base: 0 },
  };
  const widths = {
    by_module: [{ path: "", type: "", count: 1, trainable: 0, in_features: 64, out_features: 40 }],
  };
  const wide = { ...start, parameters: { ...start.parameters, ...widths } };

  /** A card on which a sequence takes 3 MiB, 64 tokens take 5 and a rank takes 7, and 100 are left. */
  const price: Price = (scenario) => {
    const of = (section: string, name: string, usual: number): number =>
      Number(field(scenario, section, name) ?? usual);
    const used =
      3 * (of("training", "per_device_train_batch_size", 4) - 4) +
      (5 * (of("training", "max_length", 512) - 512)) / 64 +
      7 * (of("adapter", "r", 8) - 8);
    const bytes = (100 - used) * MIB;
    const verdict = bytes >= 0 ? "fits" : "does_not_fit";
    const room = { bytes, bytesWithoutCache: bytes };
    return { processPeak: BASE.processPeak + used * MIB, heldAtMost: 0, verdict, room };
  };

  it("goes as far as the card does, each with all else as it is", () => {
    expect(priceRaises(wide, BASE, price)).toEqual([
      {
        id: "micro_batch",
        text: "37 sequences per step",
        change: { training: { per_device_train_batch_size: 37 } },
        adds: 99 * MIB,
        verdict: "fits",
      },
      {
        id: "max_length",
        text: "sequences of 1,792 tokens",
        change: { training: { max_length: 1792 } },
        adds: 100 * MIB,
        verdict: "fits",
      },
      {
        id: "rank",
        text: "rank 22",
        change: { adapter: { r: 22 } },
        adds: 98 * MIB,
        verdict: "fits",
      },
    ]);
  });

  it("raises no rank beyond the smaller side of the matrices", () => {
    const easy: Price = () => ({
      ...BASE,
      verdict: "fits",
      room: { bytes: 1, bytesWithoutCache: 1 },
    });
    const rank = priceRaises(wide, BASE, easy).find(({ id }) => id === "rank");
    expect(rank?.text).toBe("rank 40");
    expect(priceRaises(start, BASE, easy).map(({ id }) => id)).not.toContain("rank");
  });

  it("has no rank to raise without an adapter, and leaves out what has no price", () => {
    const bare = { ...wide, situation: { ...situation, adapter: null } };
    expect(priceRaises(bare, BASE, price).map(({ id }) => id)).toEqual([
      "micro_batch",
      "max_length",
    ]);
    expect(priceRaises(wide, BASE, () => undefined)).toEqual([]);
  });
});

describe("stepKind", () => {
  const kind = (name: string): string => stepKind(findGpu(name));

  it("is one for cards with the same kernels and workspaces, and another where either differs", () => {
    expect(kind("RTX 4090")).toBe(kind("RTX 3090"));
    expect(kind("A100 80GB")).not.toBe(kind("RTX 3090"));
    expect(kind("V100 16GB")).not.toBe(kind("T4"));
    expect(kind("H100")).not.toBe(kind("B200"));
    expect(kind("RTX 5090")).not.toBe(kind("RTX 4090"));
  });
});

describe("cardsThatHold", () => {
  const held =
    (bytes: number): Price =>
    () => ({ processPeak: 0, heldAtMost: bytes, verdict: undefined });

  it("holds exactly what is usable beside the context, and not a byte more", () => {
    const card = findGpu("RTX 4090");
    const { bytes, above } = contextOf(card);
    const room = usableBytes(card) - bytes - above;
    const names = (price: Price): readonly string[] =>
      cardsThatHold({}, price).map(({ name }) => name);
    expect(names(held(Math.floor(room)))).toContain("RTX 4090");
    expect(names(held(Math.floor(room) + 1))).not.toContain("RTX 4090");
  });

  it("lists every card for nothing, the smallest first, each kind priced once with its own card", () => {
    const asked: unknown[] = [];
    const cards = cardsThatHold({ model: "gpt2" }, (scenario) => {
      asked.push(scenario);
      return { processPeak: 0, heldAtMost: 0, verdict: undefined };
    });
    const sizes = cards.map(({ memoryBytes }) => memoryBytes);
    // Cards whose kernels are not compared are not recommended.
    const compared = listGpus().filter(({ platform }) => platform === undefined);
    expect(cards).toHaveLength(compared.length);
    expect(sizes).toEqual([...sizes].sort((left, right) => left - right));
    expect(asked).toHaveLength(new Set(compared.map(stepKind)).size);
    // The first kind is Turing's; of its cards the Titan RTX has the most multiprocessors.
    expect(asked[0]).toEqual({ model: "gpt2", hardware: { gpu: "Titan RTX" } });
    expect(cardsThatHold({}, () => undefined)).toEqual([]);
  });
});
