/** What adds an adapter, and what prepares a model for one. */

import { listMethods, methodFacts } from "../../adapter/plan-adapter.js";
import { finding } from "../format.js";
import { argument, placeFindings, readCall, unknownAdapter, unresolved } from "./read-call.js";
import { readUnslothAdapter } from "./unsloth-adapter.js";
import type { ScriptReading } from "./read-call.js";
import { wordOf } from "./script.js";
import type { PythonCall, PythonValue } from "./script.js";
import { PEFT_CONFIG } from "./tables.js";
import { isOfPeft, isOfUnsloth } from "./trace-model.js";

/** One step between a loader and a trainer. */
export function readAdapterOf(call: PythonCall, reading: ScriptReading): void {
  const { draft } = reading;
  const before = draft.findings.length;
  const word = wordOf(call.callee);
  if (isOfPeft(call))
    finding(
      draft,
      "not_computed",
      "PeftModel",
      "PeftModel.from_pretrained goes on with an adapter that is not in this text; what it trains is not counted",
    );
  else if (word === "get_peft_model" && isOfUnsloth(call)) readUnslothAdapter(call, reading);
  else if (word === "get_peft_model" || word === "add_adapter") readConfig(configOf(call), reading);
  else if (word.startsWith("prepare_model_for_")) readPreparing(call, reading);
  else if (word === "compile")
    finding(
      draft,
      "not_computed",
      "torch.compile",
      "torch.compile has no program here; the answer is without it",
    );
  placeFindings(draft.findings, before, call.at);
}

function configOf({ keywords, positional, receiver }: PythonCall): PythonValue | undefined {
  return (
    keywords.get("peft_config") ??
    keywords.get("adapter_config") ??
    (receiver === undefined ? positional[1] : positional[0])
  );
}

/** The configuration that an adapter is added by. */
export function readConfig(value: PythonValue | undefined, reading: ScriptReading): void {
  const { draft } = reading;
  const call = value?.kind === "call" ? value.call : undefined;
  const peftType = call === undefined ? undefined : peftTypeOf(wordOf(call.callee));
  if (call === undefined || peftType === undefined) {
    // Nothing is counted on a guess of the adapter; flags say it.
    draft.adapter = unknownAdapter("peft_config");
    unresolved(
      draft,
      "peft_config",
      value ?? { kind: "unknown", text: "not given", why: "only a run can tell" },
    );
    return;
  }
  draft.adapter = peftType === "LORA" ? {} : { peft_type: peftType };
  readCall(PEFT_CONFIG, call, { reading, names: peftType === "LORA" ? ["task_type"] : [] });
}

function peftTypeOf(configClass: string): string | undefined {
  return listMethods().find((peftType) => methodFacts(peftType)?.configClass === configClass);
}

/** Source: peft utils/other.py: float32 for what is not packed, and checkpoints unless it is told otherwise. */
function readPreparing(call: PythonCall, { draft, used }: ScriptReading): void {
  draft.training["prepare_kbit"] = true;
  used.push(wordOf(call.callee));
  if (argument(call, "use_gradient_checkpointing", 1) === false) return;
  draft.training["gradient_checkpointing"] = true;
  const kwargs = argument(call, "gradient_checkpointing_kwargs", 2);
  if (kwargs !== undefined && kwargs !== null)
    draft.training["gradient_checkpointing_kwargs"] = kwargs;
}
