/** What changes for a run with the releases below two stacks: their versions, and in words what each of them does. */

import { readModel } from "./graph/read-model.js";
import { sitesOf } from "./graph/tree/sites.js";
import { Fields } from "./problem/fields.js";
import type { Scenario } from "./scenario.js";
import type { StackProfile } from "./stacks/profile.js";
import { chooseWorld } from "./worlds/choose-world.js";
import { differingRules, RULES_OF_KINDS } from "./worlds/rule-texts.js";
import type { World } from "./worlds/world.js";

export interface DifferingReleases {
  readonly from: string;
  readonly to: string;
  /** Empty where they do the same for this model. */
  readonly texts: readonly string[];
}

export function differingReleases(
  run: Scenario,
  stacks: readonly [StackProfile, StackProfile],
): DifferingReleases {
  const [before, after] = stacks;
  const [from, to] = [worldUnder(run, before), worldUnder(run, after)];
  const ofFewModels = new Set([...RULES_OF_KINDS.values()].flat());
  const kinds = sitesOf(readModel(new Fields(run, "")).graph).map(
    ({ node }) => node.forward?.kind ?? "",
  );
  const ofThisModel = new Set(kinds.flatMap((kind) => RULES_OF_KINDS.get(kind) ?? []));
  const texts = [
    ...magnitudeTexts(run, stacks),
    ...(isPreference(run) ? headTexts(stacks, [from, to]) : []),
    // The others are shown by the settings that follow from them.
    ...differingRules(from.rules, to.rules)
      .filter(({ rule }) => rule !== "leavesCapToSdpa" && rule !== "fusesHead")
      .filter(({ rule }) => !ofFewModels.has(rule) || ofThisModel.has(rule))
      .map(({ text }) => text),
  ];
  return { from: namesOf(from), to: namesOf(to), texts };
}

function namesOf({ releases: { transformers, peft } }: World): string {
  return `transformers ${transformers[0]}, peft ${peft[0]}`;
}

/** What a run is computed with under a stack. */
export function worldUnder(run: Scenario, stack: StackProfile): World {
  const typed = run.versions === undefined ? undefined : new Fields(run.versions, "versions");
  return chooseWorld(typed, stack).world;
}

export function isPreference({ training }: Scenario): boolean {
  return (training?.method ?? "sft") !== "sft";
}

function magnitudeTexts(
  { adapter, quantization }: Scenario,
  [before, after]: readonly [StackProfile, StackProfile],
): readonly string[] {
  const hasMagnitudes = adapter?.["use_dora"] === true && (quantization ?? null) !== null;
  if (!hasMagnitudes || before.keepsMagnitudes === after.keepsMagnitudes) return [];
  return after.keepsMagnitudes === true
    ? ["DoRA's magnitudes stay float32 on a quantized base"]
    : ["DoRA's magnitudes are cast with the adapters"];
}

/** Of preference trainers, which have no setting that says it. */
function headTexts(
  stacks: readonly [StackProfile, StackProfile],
  worlds: readonly [World, World],
): readonly string[] {
  const [before, after] = stacks.map(
    ({ releases, fusesHead }, index): World["rules"] | undefined => {
      const rules = worlds[index]?.rules;
      const own = releases.trl === undefined ? rules?.fusesHead : fusesHead;
      return rules && { ...rules, fusesHead: own === true };
    },
  );
  if (before === undefined || after === undefined) return [];
  return differingRules(before, after)
    .filter(({ rule }) => rule === "fusesHead")
    .map(({ text }) => text);
}
