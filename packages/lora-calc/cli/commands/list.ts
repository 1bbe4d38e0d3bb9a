/** `lora-calc list`: what the catalogue and the profiles know. */

import {
  listGpus,
  listLaunchers,
  listMethods,
  listModels,
  listRecipes,
  listStacks,
  listWorlds,
  nearestWorld,
  pinText,
  methodFacts,
} from "lora-calc";
import type { World } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";
import { renderGpus, renderModels, renderNames, renderRecipes } from "../render/listing.js";
import type { Style } from "../render/style.js";
import type { ListName } from "./names.js";

interface Listing {
  readonly rows: () => readonly unknown[];
  readonly text: (style: Style) => string;
}

const LISTINGS: Readonly<Record<ListName, Listing>> = {
  models: { rows: listModels, text: (style) => renderModels(listModels(), style) },
  gpus: { rows: listGpus, text: (style) => renderGpus(listGpus(), style) },
  recipes: { rows: listRecipes, text: (style) => renderRecipes(listRecipes(), style) },
  methods: {
    rows: listMethods,
    text: (style) =>
      renderNames(
        listMethods().map((name) => [name, methodFacts(name)?.formula ?? ""]),
        style,
      ),
  },
  stacks: {
    rows: listStacks,
    text: (style) =>
      renderNames(
        listStacks().map(({ id, name, releases }) => [
          id,
          [name, ...releaseTexts(releases)].join(", "),
        ]),
        style,
      ),
  },
  worlds: {
    rows: listWorlds,
    text: (style) =>
      renderNames(
        listWorlds().map((world) => [world.id, worldText(world)]),
        style,
      ),
  },
  launchers: {
    rows: listLaunchers,
    text: (style) =>
      renderNames(
        listLaunchers().map((each) => [
          each.id,
          `${pinText(each)}; nearest is ${nearestWorld(each)}`,
        ]),
        style,
      ),
  },
};

/** "torch 2.13.0" for each library. */
function releaseTexts(releases: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(releases).map(([library, release]) => `${library} ${release}`);
}

/** Releases of a world, and what is compared in it. */
function worldText({ releases, trl, verified }: World): string {
  const { modelTypes, memory } = verified;
  const usual = Object.entries(releases).map(([library, [release]]) => [library, release]);
  const types = modelTypes === "all" ? "all model types" : `${modelTypes.length} model types`;
  return [
    ...releaseTexts({ ...Object.fromEntries(usual), trl } as Readonly<Record<string, string>>),
    `counts of ${types}, memory of ${memory === "all" ? "all that have a program" : `${memory.length} of them`}`,
  ].join(", ");
}

export async function runList(name: ListName, json: boolean, output: Output): Promise<ExitCode> {
  const { rows, text } = LISTINGS[name];
  await output.result(json ? `${JSON.stringify(rows(), null, 2)}\n` : text(output.style));
  return EXIT.ok;
}
