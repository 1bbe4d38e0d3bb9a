/** The step over time: played, read by keys, one part found in chart, ruler and table. */

import { expect, open, test } from "./page.js";

test("Play runs through the step while the layer at work is lit, and keys do the rest", async ({
  page,
}) => {
  await open(page);
  const slider = page.getByRole("slider", { name: "Moment of the step" });
  await slider.scrollIntoViewIfNeeded();
  await slider.focus();
  await slider.press("Home");
  await slider.press(" ");
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await expect(page.locator(".layers .lit")).toHaveCount(1);
  await expect.poll(() => slider.inputValue().then(Number)).toBeGreaterThan(10);
  // An arrow takes over.
  await slider.press("ArrowRight");
  await expect(page.getByRole("button", { name: "Play the step" })).toBeVisible();
  await slider.press("p");
  await expect(page.getByText(/backward of a layer, layer 31: \d+\.\d\d GiB/)).toBeVisible();
});

test("without motion Play stops at the highest moment of every phase", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page);
  const slider = page.getByRole("slider", { name: "Moment of the step" });
  await slider.scrollIntoViewIfNeeded();
  const seen = new Set<string>();
  await page.getByRole("button", { name: "Play the step" }).click();
  while (await page.getByRole("button", { name: "Pause" }).isVisible()) {
    seen.add(await slider.inputValue());
  }
  expect(seen.size).toBeLessThan(10);
});

test("a part under the pointer is found in ruler and table too", async ({ page }) => {
  await open(page);
  const row = page.locator("section[aria-labelledby=memory-heading] summary", {
    hasText: "Checkpoints",
  });
  await row.hover();
  await expect(page.locator("#answer .part.dim")).not.toHaveCount(0);
  await expect(page.locator("figure .layer.dim")).toHaveCount(7);
  await page.mouse.move(1, 1);
  await expect(page.locator("figure .layer.dim")).toHaveCount(0);
});
