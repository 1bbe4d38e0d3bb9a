/** Measured runs beside predictions: computed in the page, opened in the calculator, contributed. */

import { readFileSync } from "node:fs";
import { estimate, isRefusal, peaksOf } from "lora-calc";
import type { Scenario } from "lora-calc";
import { expect, open, test } from "./page.js";
import type { Page } from "@playwright/test";

interface Run {
  readonly id: string;
  readonly measured: { readonly allocated: number };
  readonly scenario: Scenario;
}
const FILE = new URL("../../conformance/measured/runs.json", import.meta.url);
const RUNS = JSON.parse(readFileSync(FILE, "utf8")) as readonly Run[];

async function openEvidence(page: Page): Promise<void> {
  await open(page);
  await page.getByRole("link", { name: "Checked against" }).click();
  await expect(page.getByText(`${RUNS.length} runs computed here.`)).toBeVisible({
    timeout: 60_000,
  });
}

test("every measured run is computed in the page, and no tool is nearer", async ({ page }) => {
  await openEvidence(page);
  const rows = page.getByRole("region", { name: "Measured runs and errors" }).locator("tbody tr");
  await expect(rows).toHaveCount(RUNS.length);
  for (const [index, { measured, scenario }] of RUNS.entries()) {
    const result = estimate(scenario);
    const peak = isRefusal(result) ? undefined : peaksOf(result)?.allocated_peak;
    const percent = (100 * ((peak ?? 0) / measured.allocated - 1)).toFixed(1).replace("-", "");
    await expect(rows.nth(index).locator("td").first()).toContainText(`${percent} %`);
  }
  const means = await page
    .getByRole("table", { name: "Errors of every tool" })
    .locator("tbody tr:has(.hint:text-is('allocated')) .mean")
    .allInnerTexts();
  const [ours = Number.NaN, ...others] = means.map((text) => Number.parseFloat(text));
  expect(others.length).toBeGreaterThan(1);
  expect(ours).toBeLessThan(Math.min(...others));
});

test("a measured run opens in the calculator, and Undo leaves it", async ({ page }) => {
  await openEvidence(page);
  await page.getByRole("button", { name: "Open the run Mistral-7B-v0.3, T4" }).click();
  await expect(page.getByRole("combobox", { name: "Model to train" })).toHaveValue(
    "mistralai/Mistral-7B-v0.3",
  );
  await expect(page.getByRole("combobox", { name: "Card to train on" })).toHaveValue("T4");
  await expect(page.locator("#answer")).toBeInViewport();
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(page.getByRole("combobox", { name: "Card to train on" })).toHaveValue("RTX 4090");
});

test("one's own measurement is compared, complained about, and written as a row", async ({
  page,
}) => {
  await openEvidence(page);
  await page.getByText("Measured it yourself?").click();
  const allocated = page.getByLabel("torch.cuda.max_memory_allocated()");
  await allocated.fill("lots");
  await expect(page.getByText("“lots” is not a size")).toBeVisible();
  await allocated.fill("7.52 GiB");
  await expect(
    page.getByText("allocated: predicted 7.52 GiB, 0.0 %. Inside the band."),
  ).toBeVisible();
  await page.getByLabel("nvidia-smi").fill("20 GiB");
  await expect(page.getByText("Outside the band: this is worth an issue.")).toBeVisible();
  const text = await page.getByLabel("Row for conformance/measured/runs.json").innerText();
  const row = JSON.parse(text) as Run;
  expect(row.measured).toEqual({ allocated: Math.round(7.52 * 2 ** 30), process: 20 * 2 ** 30 });
  expect(isRefusal(estimate(row.scenario))).toBe(false);
});
