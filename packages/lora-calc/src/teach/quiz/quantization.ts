/** Questions about weights stored in few bits. */

import type { Lesson } from "../facts/lesson.js";
import { storageFacts } from "../facts/storage-facts.js";
import type { StorageFacts, StorageName } from "../facts/storage-facts.js";
import { bytesOf } from "../../units/dtype.js";
import { GIB } from "../../units/format.js";
import { chooseAmount, chooseStatement } from "./question.js";
import type { Question } from "./question.js";

export function whyQlora(): Question<"why-qlora"> {
  return {
    id: "why-qlora",
    theme: "quantization",
    facts: null,
    ...chooseStatement(15, "qlora-four-bit-base", [
      "qlora-fewer-layers",
      "qlora-offload",
      "qlora-compressed-adapters",
    ]),
  };
}

export function fourBitLayer({ layer }: Lesson): Question<"four-bit-layer"> {
  const storage = storedAs(layer);
  const stored = storage("nf4_double");
  return {
    id: "four-bit-layer",
    theme: "quantization",
    facts: { layer, stored },
    ...chooseAmount("bytes", stored.bytes, [
      ["no-constants", stored.codes],
      ["single-quantization", storage("nf4").bytes],
      ["eight-bit", storage("int8").bytes],
      ["sixteen-bit", storage("bfloat16").bytes],
    ]),
  };
}

const FOUR_BITS = 4;

export function bitsPerParameter({ layer }: Lesson): Question<"bits-per-parameter"> {
  const storage = storedAs(layer);
  const single = storage("nf4");
  return {
    id: "bits-per-parameter",
    theme: "quantization",
    facts: single,
    ...chooseAmount("bits per parameter", single.bitsPerParameter, [
      ["no-constants", FOUR_BITS],
      ["double-quantization", storage("nf4_double").bitsPerParameter],
      ["eight-bit", storage("int8").bitsPerParameter],
    ]),
  };
}

function storedAs({
  outFeatures,
  inFeatures,
}: Lesson["layer"]): (name: StorageName) => StorageFacts {
  const storages = storageFacts(outFeatures, inFeatures);
  return (name) => {
    const found = storages.find((storage) => storage.name === name);
    if (found === undefined) throw new Error(`no storage ${name}`);
    return found;
  };
}

export function notQuantized(): Question<"not-quantized"> {
  return {
    id: "not-quantized",
    theme: "quantization",
    facts: null,
    ...chooseStatement(18, "kept-embeddings-norms-head", [
      "kept-nothing",
      "kept-attention",
      "kept-mlp",
    ]),
  };
}

const GB = 1e9;

export function baseInGib({ base }: Lesson): Question<"base-in-gib"> {
  const bytes = bytesOf(base, "bfloat16");
  return {
    id: "base-in-gib",
    theme: "quantization",
    facts: { base, bytes },
    ...chooseAmount("bytes", bytes, [
      ["gb-for-gib", (bytes / GB) * GIB],
      ["float32", bytesOf(base, "float32")],
      ["one-byte", bytesOf(base, "int8")],
    ]),
  };
}
