/** What every test of the page needs: the page, ready, with its complaints collected. */

import { expect, test as base } from "@playwright/test";
import type { Locator, Page } from "@playwright/test";

/** Messages of the console, exceptions, and requests that leave the site. */
export const test = base.extend<{ readonly complaints: string[] }>({
  complaints: [
    async ({ page, baseURL }, use) => {
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") {
          complaints.push(`console: ${message.text()}`);
        }
      });
      page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
      page.on("request", (request) => {
        const address = request.url();
        if (!address.startsWith(baseURL ?? "") && !/^(?:data|blob):/.test(address)) {
          complaints.push(`request: ${address}`);
        }
      });
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

export function peftLine(page: Page): Locator {
  return page.getByTestId("peft-line");
}

/** Opens the page and waits until it answers to the reader. */
export async function open(page: Page, address = "/"): Promise<void> {
  await page.goto(address);
  await expect(page.getByRole("button", { name: "Reset", exact: true })).toBeVisible();
  await page.waitForFunction(() => document.documentElement.dataset["ready"] === "yes");
  // What a reader does before anything else; it wakes the parts below the first screens.
  await page.mouse.move(1, 1);
  await expect(page.locator("[data-island=asleep]")).toHaveCount(0);
}

/** Answers one part of the question by typing. */
export async function ask(page: Page, field: "Model" | "Card", text: string): Promise<void> {
  const box = page.getByRole("combobox", {
    name: field === "Model" ? "Model to train" : "Card to train on",
  });
  await box.fill(text);
  await box.press("Enter");
}

export { expect };
