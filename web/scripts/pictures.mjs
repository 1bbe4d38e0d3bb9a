// npm run pictures: the pictures of the worked example that are kept in the repository, taken from the built page. The
// README's; the one that a shared link shows, with its text, which a test holds against the page. Needs a build.

import { writeFileSync } from "node:fs";
import { chromium } from "@playwright/test";
import { findChromium } from "../../scripts/chromium.mjs";
import { ROOT } from "../../scripts/run.mjs";
import { serve } from "./preview-server.mjs";

const PORT = 4393;
const ADDRESS = `http://localhost:${PORT}/`;

/** As a reader finds the page once it answers. */
async function open(page) {
  await page.goto(ADDRESS);
  await page.waitForFunction(() => document.documentElement.dataset.ready === "yes");
  await page.mouse.move(1, 1);
  await page.waitForFunction(() => document.querySelector("[data-island=asleep]") === null);
}

async function takePictures() {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: ["--no-sandbox"],
  });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await open(page);
  // Without a clipboard the page gives a file.
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Copy picture" }).click(),
  ]);
  await file.saveAs(`${ROOT}web/static/preview.png`);
  const verdict = await page.locator("#answer .verdict").innerText();
  const line = await page.getByTestId("peft-line").innerText();
  writeFileSync(`${ROOT}web/src/page/preview.txt`, `${verdict.trim()} ${line}\n`);
  await open(page);
  await page.screenshot({ path: `${ROOT}docs/page.png` });
  await browser.close();
}

const stop = await serve(PORT);
try {
  await takePictures();
} finally {
  stop();
}
