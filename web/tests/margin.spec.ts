/** Notes in the margin, the ruler by keys and by touch, marks of alpha that follow the rank. */

import { expect, open, test } from "./page.js";
import type { Page } from "@playwright/test";

function margin(page: Page): ReturnType<Page["getByRole"]> {
  return page.getByRole("complementary", { name: "Notes on what you look at" });
}

test("the margin follows the control in focus, with the run's numbers", async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page);
  await expect(margin(page)).toContainText("16 · (4,096 + 14,336)");
  await expect(margin(page)).toContainText("41,943,040");
  const rank = page.getByRole("textbox", { name: "Rank r" });
  await rank.fill("8");
  await expect(margin(page)).toContainText("8 · (4,096 + 14,336)");
  await expect(margin(page)).toContainText("20,971,520");
  await page.getByRole("textbox", { name: "Sequence length" }).focus();
  await expect(margin(page)).toContainText("What a token takes");
  await expect(margin(page)).toContainText("4,096 tokens");
  await page.getByRole("textbox", { name: "Alpha α" }).focus();
  await expect(margin(page)).toContainText("32 / 8");
  await page.getByRole("combobox", { name: "Optimizer" }).focus();
  await expect(margin(page)).toContainText("states of the trained parameters");
});

test("narrower pages have no margin", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 900 });
  await open(page);
  await expect(margin(page)).toHaveCount(0);
  await page.setViewportSize({ width: 1400, height: 900 });
  await expect(margin(page)).toBeVisible();
});

test("arrow keys walk the ruler, name its parts and open their notes", async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page);
  const ruler = page.getByRole("group", { name: /Parts of the process/ });
  const said = page.locator("#answer figcaption [role=status]");
  await ruler.focus();
  await page.keyboard.press("ArrowRight");
  await expect(said).toContainText(/Weights 5\.31 GiB, 62\.\d % of the process/);
  await page.keyboard.press("ArrowRight");
  await expect(said).toContainText("Adapters");
  await expect(margin(page)).toContainText("A (rank × in) of every adapted module");
  await page.keyboard.press("End");
  await expect(said).toContainText("CUDA context");
  await page.keyboard.press("Home");
  await expect(said).toContainText("Weights");
  // With Alt it is the browser's Back and Forward.
  await page.keyboard.press("Alt+ArrowRight");
  await expect(said).toContainText("Weights");
  await page.keyboard.press("Tab");
  await expect(said).toHaveText("");
});

test("a touched part stays named until another place is touched", async ({ browser, baseURL }) => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    ...(baseURL === undefined ? {} : { baseURL }),
  });
  const page = await context.newPage();
  await open(page);
  const said = page.locator("#answer figcaption [role=status]");
  await page.locator("#answer .part").first().tap();
  await expect(said).toContainText("Weights 5.31 GiB");
  await page.getByRole("heading", { level: 1 }).tap();
  await expect(said).toHaveText("");
  await context.close();
});

test("alpha's marks are r and 2r, and move with the rank", async ({ page }) => {
  await open(page);
  const alpha = page.getByRole("textbox", { name: "Alpha α" });
  const field = page.locator("[data-note='adapter.lora_alpha']");
  await field.getByText("r", { exact: true }).click();
  await expect(alpha).toHaveValue("16");
  await page.getByRole("textbox", { name: "Rank r" }).fill("12");
  await field.getByText("2r", { exact: true }).click();
  await expect(alpha).toHaveValue("24");
});

test("the phone's sheet has the step over time", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page);
  await page.evaluate(() => scrollTo(0, 2500));
  await page.getByRole("button", { name: /to spare/ }).click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByRole("heading", { name: "One training step" })).toBeVisible();
  await expect(sheet.locator("svg path").first()).toBeVisible();
});
