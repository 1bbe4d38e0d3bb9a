/** Calls whose value is known without the libraries that they are of. */

import { data, dictOf, entriesOf, itemsOf, listOf } from "./values.js";
import type { Inner } from "./values.js";

interface Arguments {
  readonly positional: readonly Inner[];
  readonly keywords: ReadonlyMap<string, Inner>;
}

/** What is asked of the card: one of today, which computes in bfloat16. */
const OF_A_CARD =
  /(?:^|\.)(?:is_bfloat16_supported|is_bf16_supported|is_torch_bf16_gpu_available)$/;

/** Undefined for what is no such call. */
export function builtin(
  callee: string,
  { positional, keywords }: Arguments,
  note: (text: string) => void,
): Inner | undefined {
  const [first, second] = positional;
  if (/(?:^|\.)cuda\.is_available$/.test(callee)) return data(true);
  if (OF_A_CARD.test(callee)) {
    note(`${callee}() is taken as true, as on cards since Ampere`);
    return data(true);
  }
  if (callee === "os.getenv" || callee === "os.environ.get") {
    note(`the environment's ${String(plain(first))} is taken as not set`);
    return second ?? keywords.get("default") ?? data(null);
  }
  if (callee === "dict" && positional.length <= 1) {
    const entries = first === undefined ? new Map<string, Inner>() : entriesOf(first);
    return entries === undefined ? undefined : dictOf(new Map([...entries, ...keywords]));
  }
  if (
    (callee === "list" || callee === "tuple" || callee === "set" || callee === "sorted") &&
    first !== undefined
  ) {
    const items = itemsOf(first);
    return items === undefined ? undefined : listOf(items);
  }
  if (/(?:^|\.)(?:SimpleNamespace|Namespace|EasyDict)$/.test(callee))
    return { kind: "object", fields: keywords };
  if (/(?:^|\.)(?:asdict|vars)$/.test(callee) && first !== undefined) {
    const entries = entriesOf(first);
    return entries === undefined ? undefined : dictOf(entries);
  }
  if (/(?:^|\.)field$/.test(callee)) return keywords.get("default");
  if (callee === "getattr" && first?.kind === "name")
    return { kind: "name", name: `${first.name}.${String(plain(second))}` };
  return numberOrText(callee, plain(first));
}

function plain(value: Inner | undefined): unknown {
  return value?.kind === "data" ? value.value : undefined;
}

function numberOrText(callee: string, value: unknown): Inner | undefined {
  if (typeof value === "boolean" && callee === "int") return data(Number(value));
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  if (callee === "str")
    return typeof value === "string" || Number.isInteger(value) ? data(String(value)) : undefined;
  if (callee === "len") return typeof value === "string" ? data(value.length) : undefined;
  if (callee !== "int" && callee !== "float") return undefined;
  const number = Number(value);
  if (value === "" || !Number.isFinite(number)) return undefined;
  return data(callee === "int" ? Math.trunc(number) : number);
}
