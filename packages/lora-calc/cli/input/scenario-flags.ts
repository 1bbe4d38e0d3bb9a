/** The flags that set fields of a scenario, made from the table of fields; two of them stand for several fields. */

import { listFields } from "lora-calc";
import type { Field } from "lora-calc";
import { USUAL } from "./usual.js";

/** How the text after a flag becomes a value of the scenario. */
export type FlagKind =
  /** A number; any other text goes through and is refused by the library with its place. */
  | "number"
  | "text"
  /** Names separated by commas. */
  | "names"
  /** Names separated by commas, `all-linear`, or one regular expression. */
  | "targets"
  /** Numbers separated by commas; with how often each occurs behind a colon. */
  | "counted"
  /** `--x` and `--no-x`. */
  | "switch"
  /** The three fields that the QLoRA paper means. */
  | "qlora"
  /** No adapter. */
  | "full";

export interface ScenarioFlag {
  /** The flag of the help: "--rank". */
  readonly name: string;
  /** Name of its value in the help; absent for a flag without one. */
  readonly argument?: string;
  /** Other spellings, not in the help. Underscores for hyphens work everywhere. */
  readonly aliases: readonly string[];
  /** Section and field of the scenario, or a field at its top. */
  readonly path: string;
  readonly kind: FlagKind;
  readonly help: string;
  /** Of a switch that is on where nobody says: the help names how it goes off. */
  readonly isOn?: boolean;
}

export interface FlagGroup {
  readonly title: string;
  readonly flags: readonly ScenarioFlag[];
}

const QLORA: ScenarioFlag = {
  name: "--qlora",
  aliases: [],
  path: "quantization",
  kind: "qlora",
  help: "4-bit nf4 with double quantization",
};
const FULL: ScenarioFlag = {
  name: "--full-finetuning",
  aliases: [],
  path: "adapter",
  kind: "full",
  help: "no adapter: every weight trains",
};

/** Of a file that does not say its model in a way that can be read. */
const MODEL: ScenarioFlag = {
  name: "--model",
  argument: "name",
  aliases: ["--model-name-or-path", "--base-model"],
  path: "model",
  kind: "text",
  help: "model of a file or script, in place of its own",
};

/** More are a list of their own. */
const MOST_CHOICES = 8;

const FIELDS = listFields();
/** How the base is loaded: asked for beside its quantization. */
const DTYPE = "training.dtype";

export const FLAG_GROUPS: readonly FlagGroup[] = [
  {
    title: "Adapter (fields of adapter_config.json):",
    flags: [MODEL, ...flagsOf((path) => path.startsWith("adapter.")), FULL],
  },
  {
    title: "Base precision (fields of BitsAndBytesConfig):",
    flags: [QLORA, ...flagsOf((path) => path.startsWith("quantization.") || path === DTYPE)],
  },
  {
    title: "Training (fields of TrainingArguments and SFTConfig):",
    flags: flagsOf((path) => path === "stack" || (path.startsWith("training.") && path !== DTYPE)),
  },
  { title: "Hardware:", flags: flagsOf((path) => path.startsWith("hardware.")) },
];

/** Every flag, in the order of the help. */
export const SCENARIO_FLAGS: readonly ScenarioFlag[] = FLAG_GROUPS.flatMap(({ flags }) => flags);

/** The flag that sets a field. Example: flagOf("adapter.r") // "--rank" */
export function flagOf(path: string): string | undefined {
  return SCENARIO_FLAGS.find((flag) => flag.path === path)?.name;
}

function flagsOf(isOf: (path: string) => boolean): readonly ScenarioFlag[] {
  return FIELDS.filter(({ path }) => isOf(path)).flatMap((field) => {
    const { flag: [name, ...aliases] = [], argument, path } = field;
    if (name === undefined) return [];
    const kind = kindOf(field);
    const value = argument === undefined ? {} : { argument };
    const isOn = field.default === true;
    return [{ name, aliases, path, kind, help: helpOf(field), isOn, ...value }];
  });
}

function kindOf({ type }: Field): FlagKind {
  if (type.kind === "integer" || type.kind === "number") return "number";
  if (type.kind === "boolean") return "switch";
  if (type.kind === "names") return "names";
  if (type.kind === "either" && type.types.some(({ kind }) => kind === "map")) return "counted";
  const isPattern = type.kind === "either" && type.types.some(({ kind }) => kind === "names");
  return isPattern ? "targets" : "text";
}

/** Text, choices, and what holds where the flag is absent: "rank of the update (16; PEFT: 8)". */
function helpOf({ text, type, path, owner, default: own, defaultByStack }: Field): string {
  const isShort = type.kind === "choice" && type.values.length <= MOST_CHOICES;
  const choices = isShort ? `: ${type.values.join(", ")}` : "";
  const usual = usualOf(path);
  const ofStack = defaultByStack[USUAL.stack];
  const defaults = [
    ...(usual === undefined ? [] : [shown(usual)]),
    ...(own === undefined ? [] : [usual === undefined ? shown(own) : `${owner}: ${shown(own)}`]),
    ...(ofStack === undefined ? [] : [`${USUAL.stack}: ${shown(ofStack)}`]),
  ];
  return `${text}${choices}${defaults.length === 0 ? "" : ` (${defaults.join("; ")})`}`;
}

/** What a model alone means. */
function usualOf(path: string): unknown {
  const [section = "", name = ""] = path.split(".");
  const usual: Readonly<Record<string, unknown>> = USUAL;
  const value = usual[section];
  if (name === "") return value;
  return typeof value === "object"
    ? Object.entries(value ?? {}).find(([key]) => key === name)?.[1]
    : undefined;
}

function shown(value: unknown): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return String(value);
}
