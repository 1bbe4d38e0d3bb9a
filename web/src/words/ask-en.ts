/** The question at the top, in English. */

import type { Preset } from "../state/presets.js";

export const ASK = {
  label: "The question",
  does: "Does",
  fit: "fit my",
  with: "with",
  end: "?",
  model: "Model to train",
  modelHint: "Type a name, a size (7B) or an address of the Hub; a config.json goes below.",
  parameters: (count: string) => `${count} parameters`,
  card: "Card to train on",
  cardHint: "Another card: type its memory, as 24 GB.",
  way: "Way to train",
  own: "my own settings",
  ways: {
    qlora: "QLoRA",
    lora: "LoRA, 16-bit base",
    "lora-8bit": "LoRA, 8-bit base",
    dora: "DoRA",
    rslora: "rsLoRA, rank 64",
    full: "full fine-tuning",
  } satisfies Readonly<Record<Preset["id"], string>>,
} as const;
