/** A reader learns: the chapters follow the calculator, the experiment runs, the quiz explains and remembers. */

import { ask, expect, open, test } from "./page.js";

test("the chapters speak of the chosen model", async ({ page }) => {
  await open(page);
  // At width 4,096 and rank 16: 16 · (4,096 + 4,096) = 131,072 of 16,777,216.
  const insight = page.locator("#learn").getByText("16.78 M").first();
  await expect(insight).toBeVisible();
  await expect(page.locator("#learn")).toContainText("99.22 %");
  await ask(page, "Model", "Qwen/Qwen3-4B");
  await expect(page.locator("#learn")).toContainText("Qwen/Qwen3-4B");
});

test("full training and LoRA train side by side", async ({ page }) => {
  await open(page);
  await page.locator("#learn-experiment").scrollIntoViewIfNeeded();
  const train = page.getByRole("button", { name: "Train both" });
  await train.click();
  await expect(page.locator("#learn-experiment")).toContainText(/LoRA.*%/);
});

test("the quiz checks, shows the working, and remembers", async ({ page }) => {
  await open(page);
  const quiz = page.locator("#quiz");
  await quiz.scrollIntoViewIfNeeded();
  await quiz.getByRole("radio", { name: "131,072" }).check();
  await quiz.getByRole("button", { name: "Check" }).click();
  await expect(quiz.locator(".feedback").first()).toContainText("4,096");
  await expect(quiz).toContainText("1 of 23 right");
  await page.reload();
  await expect(quiz).toContainText("1 of 23 right");
});

test("a link to a chapter lands on its heading, though the parts above it wake later", async ({
  page,
}) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page);
  for (const id of ["learn-memory", "quiz", "learn-rank"]) {
    await page.evaluate((target) => (location.hash = target), id);
    await expect(page.locator(`#${id}`)).toBeInViewport();
    await page.waitForTimeout(600);
    const top = (await page.locator(`#${id}`).boundingBox())?.y ?? Infinity;
    expect(Math.abs(top)).toBeLessThan(100);
  }
});
