/** The question at the top and the ways to start, in English. */

import type { CardFamily, JsonObject } from "lora-calc";
import type { ModelSizes } from "lora-calc/teach";
import type { Preset } from "../state/presets.js";

export const ASK = {
  label: "The question",
  does: "Does",
  fit: "fit my",
  with: "with",
  end: "?",
  model: "Model to train",
  modelHint:
    "Type a name, a size (7B) or an address of the Hub; what is not listed is looked up if you say so.",
  parameters: (count: string) => `${count} parameters`,
  card: "Card to train on",
  cardHint: "Another card: type its memory, as 24 GB.",
  families: {
    GeForce: "GeForce",
    workstation: "Workstation",
    "data center": "Data center",
    AMD: "AMD (kernels not compared)",
  } satisfies Readonly<Record<CardFamily, string>>,
  way: "Way to train",
  own: "my own settings",
  /** Of a run that follows no preset. */
  base: (quantization: JsonObject | null | undefined, isFull: boolean) => {
    if (quantization?.["load_in_4bit"] === true) return "4-bit base";
    if (quantization?.["load_in_8bit"] === true) return "8-bit base";
    return isFull ? "full fine-tuning" : "16-bit base";
  },
  ways: {
    qlora: "QLoRA",
    lora: "LoRA, 16-bit base",
    "lora-8bit": "LoRA, 8-bit base",
    dora: "DoRA",
    rslora: "rsLoRA, rank 64",
    full: "full fine-tuning",
  } satisfies Readonly<Record<Preset["id"], string>>,
} as const;

/** The one request that may leave the page. */
export const LOOK_UP = {
  button: "Look it up on the Hub",
  what: (name: string) =>
    `Nothing has left this page. This asks huggingface.co for config.json of ${name} and the headers of its weights, never the weights.`,
  starts: "asking",
  noCode: "the part of the page that asks could not be loaded; is the network there?",
} as const;

/** Where a run starts from. */
export const START = {
  heading: "Start from",
  changes: (count: number) => `${count} ${count === 1 ? "change" : "changes"}`,
  resetAll: "reset all",
  recipe: "A published recipe",
  noRecipe: "none",
  source: "Source of this recipe",
} as const;

/** "8,030,261,248 parameters, 32 layers, hidden size 4,096, …"; numbers come in formatted. */
export function sizeLine(
  parameters: string,
  sizes: ModelSizes,
  format: (n: number) => string,
): string {
  const { layers, hiddenSize, heads, keyValueHeads, vocabulary } = sizes;
  const said = [
    [layers, "layers"],
    [hiddenSize, "wide"],
    [heads, "heads"],
    [keyValueHeads, "key-value heads"],
  ] as const;
  const parts = said.flatMap(([size, noun]) =>
    size === undefined ? [] : [`${format(size)} ${noun}`],
  );
  const words = vocabulary === undefined ? [] : [`vocabulary ${format(vocabulary)}`];
  return [`${parameters} parameters`, ...parts, ...words].join(" · ");
}
