/** The page for everyone: axe in both themes and on small screens, by keyboard, without JavaScript, without overflow. */

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, open, peftLine, test } from "./page.js";

/** A link into the page has all of it laid out, also what is far from the screen (src/style/later.css). */
const WHOLE_PAGE = "/#calculator";

const SIZES = [
  { name: "desktop", width: 1440, height: 900 },
  { name: "phone", width: 320, height: 700 },
];

for (const theme of ["light", "dark"] as const) {
  for (const { name, ...viewport } of SIZES) {
    test(`axe finds nothing: ${theme}, ${name}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.setViewportSize(viewport);
      await open(page, WHOLE_PAGE);
      await page.locator("#checked").scrollIntoViewIfNeeded();
      await expect(page.getByText(/runs computed here/)).toBeVisible();
      await openAllDetails(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      expect(await page.evaluate(tooWide)).toEqual([]);
    });
  }
}

test("nothing sticks out on a phone whose fonts never came", async ({ page, complaints }) => {
  await page.route(/\.woff2$/, (route) => route.abort());
  await page.setViewportSize({ width: 320, height: 700 });
  await open(page, WHOLE_PAGE);
  await openAllDetails(page);
  expect(await page.evaluate(tooWide)).toEqual([]);
  // The browser reports each missing font; nothing else may be wrong.
  const missing = complaints.splice(0);
  expect(missing.filter((complaint) => !complaint.includes("ERR_FAILED"))).toEqual([]);
});

test("nothing lies over the question on a wide page", async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page);
  await page.getByRole("combobox", { name: "Way to train" }).click();
  await page.keyboard.press("Escape");
  await page.getByText("Not listed? Use a file of your own").click();
  const panel = page.getByLabel("Text of the file");
  const notes = page.getByRole("complementary", { name: "Notes on what you look at" });
  const [left, right] = await Promise.all([panel.boundingBox(), notes.boundingBox()]);
  expect((left?.x ?? 0) + (left?.width ?? Infinity)).toBeLessThanOrEqual(right?.x ?? 0);
});

test("everything is reached by keyboard, first the way past the form", async ({ page }) => {
  await open(page);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the answer" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#answer")).toBeFocused();
});

test("the theme can be chosen and is remembered", async ({ page }) => {
  await open(page);
  await page.getByRole("radio", { name: "Dark" }).check({ force: true });
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the worked example reads as an article", async ({ page }) => {
    await page.goto("/");
    await expect(peftLine(page)).toContainText("41,943,040");
    await expect(page.getByText(/Fits an RTX 4090/).first()).toBeVisible();
    await expect(page.getByRole("button", { name: "Reset" })).toHaveCount(0);
  });
});

async function openAllDetails(page: Page): Promise<void> {
  for (const summary of await page.locator("details > summary").all()) {
    if (await summary.isVisible()) await summary.click();
  }
}

/** What makes the page wider than the screen, if it is: the elements that stick out, innermost last. */
function tooWide(): readonly string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const out = [...document.querySelectorAll("body *")].filter(
    (element) => element.getBoundingClientRect().right > clientWidth,
  );
  return [
    `${scrollWidth} of ${clientWidth}`,
    ...out.map((element) => element.outerHTML.slice(0, 120)),
  ];
}

test("forced colours keep the parts of the bars and what is chosen apart", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await open(page);
  const colours = await page
    .locator("#answer .part")
    .evaluateAll((parts) => parts.map((part) => getComputedStyle(part).backgroundColor));
  expect(new Set(colours).size).toBeGreaterThan(5);
  const chip = (name: string): Promise<string> =>
    page
      .locator(".chip", { hasText: name })
      .evaluate((element) => getComputedStyle(element).backgroundColor);
  expect(await chip("q_proj")).not.toBe(await chip("lm_head"));
});

test("on paper nothing stands that only a screen can do", async ({ page }) => {
  await open(page);
  await page.emulateMedia({ media: "print" });
  await expect(page.locator("button:visible, input[type=range]:visible")).toHaveCount(0);
  await expect(page.getByText("How far this run could go")).toBeHidden();
  await expect(page.locator(".chip", { hasText: "q_proj" })).toBeVisible();
  await expect(page.getByText(/Fits an RTX 4090/).first()).toBeVisible();
  const widest = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(widest).toBeLessThanOrEqual(0);
});
