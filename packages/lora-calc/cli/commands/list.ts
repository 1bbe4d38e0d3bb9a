/** `lora-calc list`: what the catalogue and the profiles know. */

import { listGpus, listMethods, methodFacts, listModels, listRecipes, listStacks } from "lora-calc";
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
        listStacks().map(({ id, name }) => [id, name]),
        style,
      ),
  },
};

export async function runList(name: ListName, json: boolean, output: Output): Promise<ExitCode> {
  const { rows, text } = LISTINGS[name];
  await output.result(json ? `${JSON.stringify(rows(), null, 2)}\n` : text(output.style));
  return EXIT.ok;
}
