/** adapter_config.json as `PeftConfig.from_pretrained` reads it: fields that PEFT does not have are dropped and named. */

import { FORGIVING_SINCE, loraFieldHistory } from "../catalogue/lora-fields.js";
import { LORA_CONFIG_DEFAULTS } from "../exchange/adapter-config.js";
import { fieldsOf } from "../adapter/plan-adapter.js";
import { Fields } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { listed } from "./compare-tensors.js";
import type { Finding } from "./findings.js";
import { USUAL_WORLD } from "../worlds/index.js";

export interface ReadConfig {
  readonly peftType: string;
  /** Without what PEFT drops. */
  readonly adapter: JsonObject;
  /** The model that the file names. */
  readonly base?: string;
  /** Release of PEFT that wrote the file; files of releases before 0.18 do not say. */
  readonly writtenBy?: string;
  readonly findings: readonly Finding[];
}

/** Source: peft config.py `PeftConfigMixin.from_pretrained`, `from_peft_type`. */
export function readConfig(config: JsonObject): ReadConfig {
  const fields = new Fields(config, "adapter");
  const peftType = fields.string("peft_type") ?? rejectMissing(config);
  const base = fields.string("base_model_name_or_path");
  const writtenBy = fields.string("peft_version");
  const known: readonly string[] = fieldsOf(peftType);
  const names = Object.keys(config);
  const unknown = names.filter((name) => !known.includes(name));
  return {
    peftType,
    adapter: Object.fromEntries(Object.entries(config).filter(([name]) => !unknown.includes(name))),
    ...(base === undefined || base === "" ? {} : { base }),
    ...(writtenBy === undefined ? {} : { writtenBy }),
    findings: [
      ...unknown.map((name) => unknownField(name, config[name])),
      ...(peftType === "LORA" ? newerFields(names, config) : []),
    ],
  };
}

function rejectMissing(config: JsonObject): never {
  reject({
    code: "missing_field",
    path: "adapter.peft_type",
    message:
      "the file has no peft_type, at which PEFT stops (KeyError); is it adapter_config.json?",
    received: Object.keys(config),
    expected: "peft_type: LORA, IA3, …",
  });
}

function unknownField(name: string, value: unknown): Finding {
  const until = loraFieldHistory(name)?.until;
  if (until !== undefined) {
    return {
      code: "removed_field",
      level: "note",
      message: `${name} is a field of PEFT until ${until} that decides nothing any more; it is ignored`,
    };
  }
  const isUnset = value === null || value === false;
  return {
    code: "unknown_field",
    level: isUnset ? "note" : "warning",
    message: `${name} is no field of PEFT ${USUAL_WORLD.releases.peft[0]}, which drops it when it loads the file${isUnset ? "; unset as it is, it changes nothing" : "; if a newer release wrote it, the counts may differ there"}`,
  };
}

/** Releases before 0.14 stop at a field they do not have, even when it is unset. */
function newerFields(names: readonly string[], config: JsonObject): readonly Finding[] {
  const later = names
    .flatMap((name) => {
      const since = loraFieldHistory(name)?.since;
      return since === undefined || isOlder(since, IN_USE_EVERYWHERE) ? [] : [{ name, since }];
    })
    .sort((left, right) => (isOlder(left.since, right.since) ? 1 : -1));
  const [newest] = later;
  if (newest === undefined) return [];
  const decisive = later.map(({ name }) => name).filter((name) => isDecisive(name, config[name]));
  const text = later.map(({ name, since }) => `${name} of ${since}`);
  const rest =
    decisive.length === 0
      ? "all are as they would be without them, so deleting them is a way out"
      : `of them ${listed(decisive)} decide something`;
  return [
    {
      code: "needs_newer_peft",
      level: "note",
      message: `PEFT before ${FORGIVING_SINCE} stops at fields that it does not have (${listed(text)}); ${rest}`,
    },
  ];
}

/** Fields of releases before this one are known everywhere. */
const IN_USE_EVERYWHERE = "0.9.0";

function isDecisive(name: string, value: unknown): boolean {
  if (name === "peft_version" || value === undefined) return false;
  return JSON.stringify(value) !== JSON.stringify(LORA_CONFIG_DEFAULTS[name] ?? null);
}

/** Whether a release is before another one; both are numbers with points. */
function isOlder(left: string, right: string): boolean {
  return left.localeCompare(right, "en", { numeric: true }) < 0;
}
