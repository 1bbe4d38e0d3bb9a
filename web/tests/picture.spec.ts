/** The answer as a picture, and the picture that previews of links show. */

import { readFileSync } from "node:fs";
import { ask, expect, open, peftLine, test } from "./page.js";
import type { Page } from "@playwright/test";

/** The picture in the clipboard: its size, how many colours the middle of the ruler has, and the colour at its left. */
async function readPicture(page: Page): Promise<{ size: number[]; colours: number; left: string }> {
  return page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const blob = await item?.getType("image/png");
    if (blob === undefined) throw new Error("no picture");
    const bitmap = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const brush = canvas.getContext("2d");
    brush?.drawImage(bitmap, 0, 0);
    const row = brush?.getImageData(0, 680, bitmap.width, 1).data ?? [];
    const colours = Array.from({ length: bitmap.width }, (_, x) =>
      [...row.slice(4 * x, 4 * x + 3)].join(", "),
    );
    return {
      size: [bitmap.width, bitmap.height],
      colours: new Set(colours).size,
      left: `rgb(${colours[140] ?? ""})`,
    };
  });
}

test("the answer is copied as a picture, in the colours of the page", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Copy picture" }).click();
  await expect(page.getByText("Picture copied.")).toBeVisible();
  const weights = await page
    .locator("#answer .part")
    .first()
    .evaluate((part) => getComputedStyle(part).backgroundColor);
  const { size, colours, left } = await readPicture(page);
  expect(size).toEqual([2400, 1260]);
  expect(left).toBe(weights);
  expect(colours).toBeGreaterThan(8);
});

test("where memory is not computed the picture says what is known", async ({ page }) => {
  await open(page);
  await ask(page, "Model", "deepseek-ai/DeepSeek-V4-Flash");
  await expect(page.getByText(/at least/i).first()).toBeVisible();
  await page.getByRole("button", { name: "Copy picture" }).click();
  await expect(page.getByText("Picture copied.")).toBeVisible();
  expect((await readPicture(page)).size).toEqual([2400, 1260]);
});

test("without a clipboard the picture is saved", async ({ page }) => {
  await open(page);
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Copy picture" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("lora-calc.png");
  await expect(page.getByText(/Saved as lora-calc.png/)).toBeVisible();
});

test("the picture of link previews says what the page says (npm run pictures)", async ({
  page,
}) => {
  await open(page);
  const verdict = await page.locator("#answer .verdict").innerText();
  const shown = `${verdict.trim()} ${await peftLine(page).innerText()}\n`;
  expect(readFileSync(new URL("../src/page/preview.txt", import.meta.url), "utf8")).toBe(shown);
});
