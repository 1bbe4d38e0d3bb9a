/** The tensors of an adapter file, from the header of its safetensors. */

import { Fields } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { elementCount } from "../units/dtype.js";
import type { Finding } from "./findings.js";

export interface FileTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
}

export type FileTensors = ReadonlyMap<string, FileTensor>;

/** Larger than any adapter that is published: 200,000 experts' matrices. */
const MAX_TENSORS = 1_000_000;

/** Names with dtype and shape; stops at what is no header of safetensors. */
export function readTensors(header: unknown): FileTensors {
  const fields = new Fields(header, "header");
  const names = Object.keys(fields.values).filter((name) => name !== "__metadata__");
  if (names.length > MAX_TENSORS) {
    reject({
      code: "limit_exceeded",
      path: "header",
      message: `the header names ${names.length} tensors; at most ${MAX_TENSORS} are read`,
    });
  }
  return new Map(
    names.map((name) => {
      const entry = fields.object(name);
      const dtype = entry?.string("dtype");
      const shape = entry?.integerList("shape");
      if (dtype === undefined || shape === undefined || !isShape(shape)) {
        reject({
          code: "invalid_value",
          path: `header.${name}`,
          message: `tensor ${name} needs a dtype and a shape of whole numbers; is this the header of adapter_model.safetensors?`,
          received: entry?.values,
        });
      }
      return [name, { dtype, shape }];
    }),
  );
}

/** Sizes whose product is still exact. */
function isShape(shape: readonly number[]): boolean {
  return shape.every((size) => size >= 0) && Number.isSafeInteger(elementCount(shape));
}

/** Where the data ends, counted from its start. Unit: bytes. */
export function dataBytes(header: unknown): number {
  const fields = new Fields(header, "header");
  return Object.keys(fields.values).reduce((most, name) => {
    if (name === "__metadata__") return most;
    const end = fields.object(name)?.integerList("data_offsets")?.[1];
    return end === undefined ? most : Math.max(most, end);
  }, 0);
}

/** Parameters of some tensors. */
export function parametersOf(tensors: Iterable<FileTensor>): number {
  let sum = 0;
  for (const { shape } of tensors) sum += elementCount(shape);
  return sum;
}

interface ExtraPart {
  readonly pattern: RegExp;
  readonly part: string;
  /** How it comes into the keys. */
  readonly from: string;
  /** PEFT finds the tensors all the same. */
  readonly isRead: boolean;
}

/** Parts of keys that other ways of saving leave in them. What PEFT reads: test/conformance/damaged.jsonl.gz. */
const EXTRA_PARTS: readonly ExtraPart[] = [
  { pattern: /(?<=^|\.)_orig_mod\./g, part: "_orig_mod.", from: "torch.compile", isRead: false },
  {
    pattern: /(?<=^|\.)_fsdp_wrapped_module\./g,
    part: "_fsdp_wrapped_module.",
    from: "FSDP",
    isRead: false,
  },
  { pattern: /^module\./g, part: "module.", from: "DistributedDataParallel", isRead: false },
  {
    pattern: /\.default(?=\.weight$|\.bias$|$)/g,
    part: ".default",
    from: "model.state_dict()",
    isRead: true,
  },
  {
    pattern: /(?<=lora_magnitude_vector)\.weight$/g,
    part: ".weight",
    from: "early DoRA",
    isRead: true,
  },
];
const PREFIX = "base_model.model.";

export interface Renamed {
  readonly tensors: FileTensors;
  readonly findings: readonly Finding[];
}

/** The tensors under the keys that PEFT writes, and what had to be taken out of theirs. */
export function withPeftKeys(given: FileTensors): Renamed {
  const counts = new Map<ExtraPart, number>();
  const plain = Array.from(given, ([key, tensor]) => {
    let name = key;
    for (const extra of EXTRA_PARTS) {
      const shorter = name.replace(extra.pattern, "");
      if (shorter !== name) counts.set(extra, (counts.get(extra) ?? 0) + 1);
      name = shorter;
    }
    return [name, tensor] as const;
  });
  const findings = Array.from(counts, ([extra, count]) => extraFinding(extra, count));
  const isBare = plain.length > 0 && plain.every(([name]) => isBareKey(name));
  if (!isBare) return { tensors: new Map(plain), findings };
  return {
    tensors: new Map(plain.map(([name, tensor]) => [PREFIX + name, tensor])),
    findings: [...findings, BARE],
  };
}

/** Prompts are saved without the path of the model. */
function isBareKey(name: string): boolean {
  return !name.startsWith("base_model.") && name !== "prompt_embeddings";
}

function extraFinding({ part, from, isRead }: ExtraPart, count: number): Finding {
  const what = `${count} keys carry “${part}” from ${from}`;
  return {
    code: "old_key_format",
    level: isRead ? "note" : "error",
    message: isRead
      ? `${what}; PEFT finds the tensors all the same`
      : `${what}, so PEFT does not find the tensors and leaves the adapter as it starts; take it out of the keys, or save the unwrapped model with save_pretrained`,
  };
}

const BARE: Finding = {
  code: "old_key_format",
  level: "error",
  message: `the keys lack “${PREFIX}”, so PeftModel.from_pretrained does not find the tensors and leaves the adapter as it starts; put it before them, or load with inject_adapter_in_model and set_peft_model_state_dict`,
};
