/** Two runs side by side, in one link; one run on other cards. */

import { ask, expect, open, test } from "./page.js";

test("a pinned run stays while the other one changes, and the link opens both in a new context", async ({
  page,
  browser,
}) => {
  await open(page);
  await page.getByRole("button", { name: "Pin this run to compare" }).click();
  await ask(page, "Model", "Qwen/Qwen3-4B");
  const table = page.getByRole("region", { name: "Side by side" }).getByRole("table");
  // Both printed by peft 0.21.0 for r=16 on all linear layers; the difference is 8,912,896.
  const row = table.getByRole("row", { name: /^Trainable parameters/ });
  await expect(row).toHaveText(/41,943,040\s*33,030,144\s*−8,912,896/);
  await expect.poll(() => page.url()).toContain("pinned.model=meta-llama/Llama-3.1-8B");

  const context = await browser.newContext();
  const visit = await context.newPage();
  await open(visit, page.url());
  const there = visit.getByRole("region", { name: "Side by side" }).getByRole("table");
  await expect(there).toHaveText((await table.textContent()) ?? "");

  await visit.getByRole("button", { name: "Swap" }).click();
  await expect(there.getByRole("row", { name: /^Trainable parameters/ })).toHaveText(
    /33,030,144\s*41,943,040\s*\+8,912,896/,
  );
  await visit.getByRole("button", { name: "Unpin" }).click();
  await expect(there).toHaveCount(0);
  await expect.poll(() => visit.url()).not.toContain("pinned");
  await context.close();
});

test("the run stands on eight kinds of card, and one of them can be chosen", async ({ page }) => {
  await open(page);
  await page.locator("#cards-heading").scrollIntoViewIfNeeded();
  const cards = page.getByRole("region", { name: "This run on eight kinds of card" }).first();
  await expect(cards.getByRole("row")).toHaveCount(9);
  await cards.getByRole("button", { name: "Use RTX 3060" }).click();
  await expect(page.locator("#answer").getByText(/Fits an RTX 3060/)).toBeVisible();
});
