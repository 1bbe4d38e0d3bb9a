/** After one visit the page needs no network: a reload brings the reader's state back, and it still computes. */

import { ask, expect, open, peftLine, test } from "./page.js";

test("a reload without network restores the state and computes", async ({ page, context }) => {
  await open(page);
  await ask(page, "Model", "Qwen/Qwen3-4B");
  await page.getByRole("textbox", { name: "Rank r" }).fill("16");
  await expect(peftLine(page)).toContainText("trainable params: 33,030,144");
  await expect.poll(() => page.url()).toContain("r=16");
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);

  await context.setOffline(true);
  await page.reload();
  await page.waitForFunction(() => document.documentElement.dataset["ready"] === "yes");
  await expect(peftLine(page)).toContainText("trainable params: 33,030,144");
  await page.getByRole("textbox", { name: "Rank r" }).fill("32");
  await expect(peftLine(page)).toContainText("trainable params: 66,060,288");
});
