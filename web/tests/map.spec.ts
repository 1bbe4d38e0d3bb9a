/** The map of length and batch: what it says, and moving the run on it. */

import { estimate, isRefusal } from "lora-calc";
import { DEFAULT_SCENARIO } from "../src/state/default-scenario.js";
import { expect, open, test } from "./page.js";
import type { Page } from "@playwright/test";

async function openMap(page: Page): Promise<void> {
  await open(page);
  await page.locator("#map-heading").scrollIntoViewIfNeeded();
  await expect(page.getByText("A dash: the tensors alone")).toBeVisible();
}

test("every row says what an estimate of that run says", async ({ page }) => {
  await openMap(page);
  const words = { fits: "fits", tight: "tight", does_not_fit: "does not fit" } as const;
  for (const [batch, length] of [
    [1, 256],
    [2, 2048],
    [8, 4096],
    [16, 2048],
    [64, 1024],
    [1, 65536],
  ] as const) {
    const training = {
      ...DEFAULT_SCENARIO.training,
      per_device_train_batch_size: batch,
      max_length: length,
    };
    const answer = estimate({ ...DEFAULT_SCENARIO, training });
    if (isRefusal(answer) || answer.fit === undefined) throw new Error("the default is refused");
    const name = `batch ${batch}, ${length.toLocaleString("en")} tokens: ${words[answer.fit.verdict]}`;
    await expect(page.getByRole("button", { name })).toHaveCount(1);
  }
});

test("a cell moves the run there, arrows move between cells, the ring is dragged as one step", async ({
  page,
}) => {
  await openMap(page);
  const batch = page.getByRole("textbox", { name: "Batch size" });
  await page.getByRole("button", { name: "batch 4, 4,096 tokens" }).click();
  await expect(batch).toHaveValue("4");
  await expect(page.getByRole("textbox", { name: "Sequence length" })).toHaveValue("4096");

  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(batch).toHaveValue("8");

  const ring = page.getByRole("img", { name: /^This run/ });
  await ring.dragTo(page.getByRole("button", { name: "batch 1, 512 tokens" }));
  // The page above may grow a line meanwhile, under a pointer that stays where it is.
  await expect(batch).toHaveValue(/^[12]$/);
  await page.getByRole("banner").getByRole("button", { name: "Undo" }).click();
  await expect(batch).toHaveValue("8");
});
