/** What a Python text says, as far as it can be told without running it: the calls that it makes, their arguments worked out. */

/**
 * A value of a Python text.
 *
 * `data`: plain data. `name`: what an import brought, or a part of it (`torch.bfloat16`). `call`: what a call gives back, and of
 * several things `item` from 0. `list`, `dict`: with parts that are no plain data. `unknown`: what only a run can tell.
 */
export type PythonValue =
  | { readonly kind: "data"; readonly value: unknown }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "call"; readonly call: PythonCall; readonly item?: number }
  | { readonly kind: "list"; readonly items: readonly PythonValue[] }
  | { readonly kind: "dict"; readonly entries: ReadonlyMap<string, PythonValue> }
  | { readonly kind: "unknown"; readonly text: string; readonly why: string };

export interface PythonCall {
  /** Dotted, as it was imported: `trl.SFTTrainer`, `peft.LoraConfig`; of a method of a value its name after a dot: `.add_adapter`. */
  readonly callee: string;
  /** Whose method it is. */
  readonly receiver?: PythonValue;
  readonly positional: readonly PythonValue[];
  readonly keywords: ReadonlyMap<string, PythonValue>;
  /** Fields of a class of the text that builds on this one; the library may not know them. */
  readonly own?: ReadonlyMap<string, PythonValue>;
  /** What `*` or `**` bring that cannot be told. */
  readonly more: readonly PythonValue[];
  /** `line 12`; of a notebook `cell 3, line 2`. */
  readonly at: string;
  /** The function that makes it, where nobody in the text calls that one: its parameters are then their defaults. */
  readonly inDefaultsOf?: string;
}

/** What was taken for granted. */
export interface PythonNote {
  readonly at: string;
  readonly text: string;
}

/** Calls in the order in which they are made. */
export interface PythonScript {
  readonly calls: readonly PythonCall[];
  readonly notes: readonly PythonNote[];
}

/** Plain data of a value; undefined where it is none. */
export function plainData(value: PythonValue): { readonly value: unknown } | undefined {
  if (value.kind === "data") return { value: value.value };
  if (value.kind === "name") return constantOf(value.name);
  if (value.kind === "list") {
    const items = value.items.map(plainData);
    return items.includes(undefined) ? undefined : { value: items.map((item) => item?.value) };
  }
  if (value.kind !== "dict") return undefined;
  const entries = [...value.entries].map(([key, item]) => [key, plainData(item)] as const);
  return entries.some(([, item]) => item === undefined)
    ? undefined
    : { value: Object.fromEntries(entries.map(([key, item]) => [key, item?.value])) };
}

/** dtypes, and PEFT's and transformers' lists of words. */
function constantOf(name: string): { readonly value: string } | undefined {
  const [owner = "", last = ""] = name.split(".").slice(-2);
  if (owner === "torch") return { value: last };
  if (owner === "TaskType" || owner === "PeftType") return { value: last };
  return /^(?:Interval|Save|Eval)Strategy$|^SchedulerType$|^OptimizerNames$/.test(owner)
    ? { value: last.toLowerCase() }
    : undefined;
}

/** Last word of what is called. Example: wordOf("trl.SFTTrainer") // "SFTTrainer" */
export function wordOf(callee: string): string {
  return callee.slice(callee.lastIndexOf(".") + 1);
}
