/** Shapes of the catalogue, one chosen after the other: each has its own count. A refusal would leave the one before. */

import { listModels } from "lora-calc";
import { ask, expect, open, peftLine, test } from "./page.js";

/** LORA_CALC_SHAPES=60 draws as many. */
const DRAWN = Number(process.env["LORA_CALC_SHAPES"] ?? 15);
/** A step through the list that has no factor in common with its length meets every row once. */
const STEP = 37;

const shapes = [
  ...new Map(listModels().map((model) => [JSON.stringify(model.config), model.repo])).values(),
];
const drawn = Array.from(
  { length: DRAWN },
  (_, index) => shapes[(index * STEP) % shapes.length] ?? "",
);

test("every drawn shape answers", async ({ page }) => {
  test.setTimeout(240_000);
  await open(page);
  await page.getByRole("combobox", { name: "Way to train" }).selectOption("lora");
  for (const repo of drawn) {
    const before = await peftLine(page).textContent();
    await ask(page, "Model", repo);
    await expect(page.getByRole("combobox", { name: "Model to train" })).toHaveValue(repo);
    await expect(peftLine(page), repo).not.toHaveText(before ?? "");
  }
});
