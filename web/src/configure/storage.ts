/** The ways to store the frozen weights as one list: a dtype, or fields of BitsAndBytesConfig. */

import type { JsonObject } from "lora-calc";

export type Storage =
  "bfloat16" | "float16" | "float32" | "int8" | "nf4-double" | "nf4" | "fp4-double" | "fp4";

export const STORAGES: readonly Storage[] = [
  "bfloat16",
  "float16",
  "float32",
  "int8",
  "nf4-double",
  "nf4",
  "fp4-double",
  "fp4",
];

export function storageOf(quantization: unknown, dtype: unknown): Storage {
  const fields = (quantization ?? {}) as JsonObject;
  if (fields["load_in_8bit"] === true) return "int8";
  if (fields["load_in_4bit"] === true) {
    // bitsandbytes' own default is fp4.
    const isNf4 = fields["bnb_4bit_quant_type"] === "nf4";
    const isDouble = fields["bnb_4bit_use_double_quant"] === true;
    if (isNf4) return isDouble ? "nf4-double" : "nf4";
    return isDouble ? "fp4-double" : "fp4";
  }
  return dtype === "float16" || dtype === "float32" ? dtype : "bfloat16";
}

export function quantizationOf(storage: Storage): JsonObject | null {
  if (storage === "int8") return { load_in_8bit: true };
  if (!storage.startsWith("nf4") && !storage.startsWith("fp4")) return null;
  return {
    load_in_4bit: true,
    bnb_4bit_quant_type: storage.slice(0, 3),
    bnb_4bit_use_double_quant: storage.endsWith("double"),
  };
}
