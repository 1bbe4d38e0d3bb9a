/** The input of the calculator, version 1. Names are the ecosystem's own; see "The interface" in ARCHITECTURE.md. */

import type { JsonObject } from "./problem/fields.js";

/** A question: this model, this adapter, this training, this card. Every field but `model` is optional. */
export interface Scenario {
  readonly schema?: 1;
  readonly id?: string;
  /** Catalogue id, `{config}`, `{safetensors, config?}`, or sizes typed by hand. */
  readonly model: string | JsonObject;
  /** Content of adapter_config.json; null is full fine-tuning. */
  readonly adapter?: JsonObject | null;
  /** Fields of BitsAndBytesConfig, or transformers' quantization_config; null is none. */
  readonly quantization?: JsonObject | null;
  /** Names of TrainingArguments and SFTConfig. */
  readonly training?: JsonObject;
  readonly hardware?: JsonObject;
  readonly stack?: string;
  readonly versions?: Readonly<
    Partial<Record<"peft" | "transformers" | "torch" | "cuda" | "bitsandbytes", string>>
  >;
}
