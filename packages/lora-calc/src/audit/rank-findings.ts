/** What the tensors of LoRA say of the configuration where the base model is not known. */

import type { JsonObject } from "../problem/fields.js";
import { Fields } from "../problem/fields.js";
import { listed } from "./compare-tensors.js";
import type { Finding } from "./findings.js";
import type { FileTensors } from "./read-tensors.js";

const DEFAULT_RANK = 8;

/** A is (rank, in): tensors whose rank is neither `r` nor one of `rank_pattern`. Experts hold a multiple of it. */
export function rankFindings(adapter: JsonObject, tensors: FileTensors): readonly Finding[] {
  const fields = new Fields(adapter, "adapter");
  if ((fields.string("peft_type") ?? "LORA") !== "LORA") return [];
  const patterns = Object.values(fields.object("rank_pattern")?.values ?? {});
  const rank = fields.integer("r") ?? DEFAULT_RANK;
  const ranks = [rank, ...patterns.filter((value) => typeof value === "number")];
  const strange = [...tensors].flatMap(([key, { shape }]) => {
    const rows = /\.lora_A\.weight$|\.lora_embedding_A$/.test(key) ? shape[0] : undefined;
    return rows === undefined || ranks.some((each) => each > 0 && rows % each === 0)
      ? []
      : [`${key} has ${rows}`];
  });
  if (strange.length === 0) return [];
  return [
    {
      code: "shape_differs",
      level: "error",
      message: `the configuration says r=${rank}, at which PEFT stops (size mismatch), for ${listed(strange)}`,
    },
  ];
}
