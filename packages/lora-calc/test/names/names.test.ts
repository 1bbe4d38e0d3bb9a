/** How many of the names that people use are answered without a network, and that none is answered with another model. */

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { knownModel, unknownModel } from "lora-calc";

interface Names {
  readonly sources: readonly { readonly source: string; readonly names: readonly string[] }[];
}

const { sources } = JSON.parse(
  readFileSync(new URL("names-people-use.json", import.meta.url), "utf8"),
) as Names;

/** Of a name: answered by the catalogue, explained (its base is named), or left to the cache and the Hub. */
function fateOf(name: string): "answered" | "explained" | "looked up" {
  if (knownModel(name) !== undefined) return "answered";
  return unknownModel(name).message.includes("packed for inference") ? "explained" : "looked up";
}

/** The ratchet: a catalogue that grows raises these. */
it("are answered without a network, or explained, by source", () => {
  const fates = sources.map(({ source, names }) => {
    const of = (fate: string): number => names.filter((name) => fateOf(name) === fate).length;
    return [source.split(",")[0], names.length, of("answered"), of("explained")];
  });
  expect(fates).toMatchInlineSnapshot(`
    [
      [
        "presets of public trainers",
        80,
        78,
        1,
      ],
      [
        "printed by print_trainable_parameters in public repositories",
        66,
        53,
        0,
      ],
      [
        "public memory measurements",
        83,
        69,
        1,
      ],
      [
        "public speed measurements",
        1,
        1,
        0,
      ],
      [
        "issues and forum threads",
        12,
        10,
        1,
      ],
      [
        "unsloth 2026.10.9 models/mapper.py",
        95,
        87,
        7,
      ],
      [
        "LLaMA-Factory 0.9.5 extras/constants.py",
        85,
        45,
        10,
      ],
    ]
  `);
});

/** Billions in a name; of experts the whole (`235B-A22B`), and never the active part alone (`A3B`, `17B-128E`). */
function sizeIn(name: string): number | undefined {
  if (/\d+B-\d+E/i.test(name) || /8x\d+B/i.test(name)) return undefined;
  const [, number, unit = ""] =
    /(?<![\d.A-Za-z])(\d+(?:[._]\d+)?)(b|m)(?![a-z\d])/i.exec(name) ?? [];
  if (number === undefined) return undefined;
  return Number(number.replace("_", ".")) * (unit.toLowerCase() === "b" ? 1e9 : 1e6);
}

/** Names round down: gemma-2b has 2.51 billion parameters, granite 2b 2.53, gemma-2-2b 2.61. */
const LEAST = 0.85;
const MOST = 1.35;
/** Sold as 1B, where its publisher's own table says 1.6 and 1.5 billion. */
const BY_NAME = /granite-4\.0-(?:h-)?1b/;
/** Sold by what a token uses: E2B has 5.1 billion parameters with its embeddings by layer, R1-Distill counts none of them. */
const BY_ACTIVE = /E[24]B/;

it("are of the size that they say", () => {
  const odd = sources.flatMap(({ names }) =>
    names.flatMap((name) => {
      const [row, size] = [knownModel(name), sizeIn(name)];
      if (row === undefined || size === undefined) return [];
      if ([BY_ACTIVE, BY_NAME].some((each) => each.test(name))) {
        return [];
      }
      const share = row.parameters / size;
      return share < LEAST || share > MOST ? [[name, row.id, share]] : [];
    }),
  );
  expect(odd).toEqual([]);
});

/** Families by a word of the name; `llama` stands in names of many models that are built as Llama. */
const FAMILIES: readonly (readonly [RegExp, RegExp])[] = [
  [/qwen3(?!\.)/i, /^qwen3/],
  [/qwen2\.5|qwen2/i, /^qwen2/],
  [/\bgemma-?3(?:n|-)/i, /^gemma3/],
  [/gemma-2-/i, /^gemma2/],
  [/mixtral/i, /^mixtral/],
  [/mistral-7b/i, /^mistral/],
  [/falcon-/i, /^falcon/],
  [/bloom/i, /^bloom/],
  [/gpt2/i, /^gpt2/],
  [/(?<!distill-)llama-?[23]/i, /^(?:llama|mllama)/],
  [/phi-?[34]/i, /^phi/],
  [/opt-\d/i, /^opt/],
  [/t5/i, /^t5/],
];

it("are of the family that they say", () => {
  const odd = sources.flatMap(({ names }) =>
    names.flatMap((name) => {
      const { model_type: type } = knownModel(name)?.config ?? {};
      const [, family] = FAMILIES.find(([word]) => word.test(name)) ?? [];
      return typeof type !== "string" || family === undefined || family.test(type)
        ? []
        : [[name, type]];
    }),
  );
  expect(odd).toEqual([]);
});
