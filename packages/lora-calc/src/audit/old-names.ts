/** Tensors under the names that modules had before transformers 5, as PEFT finds them when it loads LoRA. */

import { listed } from "./compare-tensors.js";
import type { Finding } from "./findings.js";
import type { FileTensors } from "./read-tensors.js";

const EXPERT = /\.experts\.\d+\.[^.]+\.lora_[AB]\.weight$/;
const FUSED = /\.experts(?:\.base_layer)*\.lora_[AB]\.weight$/;

export interface Current<Expected> {
  readonly tensors: FileTensors;
  readonly expected: ReadonlyMap<string, Expected>;
  readonly findings: readonly Finding[];
}

/**
 * The file and what is expected of it under today's names: language models inside others have moved, and the matrices of
 * single experts are fused into those of all experts.
 *
 * Source: peft utils/transformers_weight_conversion.py `convert_peft_adapter_state_dict_for_transformers`, and
 * what it finds of renamed files (test/conformance/damaged.jsonl.gz).
 */
export function underCurrentNames<Expected>(
  given: FileTensors,
  asked: ReadonlyMap<string, Expected>,
): Current<Expected> {
  const moved: string[] = [];
  const experts: string[] = [];
  const tensors = new Map(
    [...given].flatMap(([key, tensor]) => {
      if (EXPERT.test(key) && !asked.has(key)) {
        experts.push(key);
        return [];
      }
      const now = key.replace(".language_model.model.", ".model.language_model.");
      if (now === key || !key.includes(".lora_") || asked.has(key) || !asked.has(now))
        return [[key, tensor] as const];
      moved.push(key);
      return [[now, tensor] as const];
    }),
  );
  const expected =
    experts.length === 0 ? asked : new Map([...asked].filter(([key]) => !FUSED.test(key)));
  return { tensors, expected, findings: [...movedFinding(moved), ...expertFinding(experts)] };
}

function movedFinding(keys: readonly string[]): readonly Finding[] {
  if (keys.length === 0) return [];
  return [
    {
      code: "old_module_names",
      level: "note",
      message: `${keys.length} tensors have the names of before transformers 5 (${listed(keys.slice(0, 1))}); PEFT finds them all the same`,
    },
  ];
}

function expertFinding(keys: readonly string[]): readonly Finding[] {
  if (keys.length === 0) return [];
  return [
    {
      code: "old_module_names",
      level: "note",
      message: `${keys.length} tensors belong to single experts, as before transformers 5; PEFT fuses them when it loads them, with zeros between the halves of gate_up_proj, so it counts more than the file holds`,
    },
  ];
}
