/**
 * Cuts the page's five faces from the npm font packages down to the characters the page uses and writes them to
 * src/style/fonts. Run it by hand after changing the lists: `node scripts/subset-fonts.mjs`. Chinese uses system fonts.
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import subsetFont from "subset-font";

const require = createRequire(import.meta.url);
const outFolder = new URL("../src/style/fonts/", import.meta.url);

const ASCII = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join("");
const PUNCTUATION = "\u00a0·×÷±°²³½µ§–—‘’“”…−≤≥≈≠√∑∞′→←↑↓é";
const GREEK = "αβγδεηλμσπΔΣ";

const LAYOUT_FEATURES = ["kern", "liga", "mark", "tnum", "lnum", "sups", "subs", "locl", "ccmp"];

const FACES = [
  {
    font: "source-sans-3",
    style: "wght-normal",
    axes: { wght: { min: 400, max: 700 } },
    name: "sans",
  },
  // For lines of 20 px and more: drawn finer than the text face.
  { font: "source-serif-4", style: "opsz-normal", axes: { wght: 400, opsz: 40 }, name: "display" },
  {
    font: "source-serif-4",
    style: "wght-normal",
    axes: { wght: { min: 400, max: 600 } },
    name: "serif",
  },
  { font: "source-serif-4", style: "wght-italic", axes: { wght: 400 }, name: "serif-italic" },
  { font: "source-code-pro", style: "wght-normal", axes: { wght: 400 }, name: "mono" },
];

await mkdir(outFolder, { recursive: true });
for (const { font, style, axes, name } of FACES) {
  for (const [script, characters] of [
    ["latin", ASCII + PUNCTUATION],
    ["greek", GREEK],
  ]) {
    const file = require.resolve(
      `@fontsource-variable/${font}/files/${font}-${script}-${style}.woff2`,
    );
    const subset = await subsetFont(await readFile(file), characters, {
      targetFormat: "woff2",
      variationAxes: axes,
      keepFeatures: LAYOUT_FEATURES,
    });
    await writeFile(new URL(`${name}-${script}.woff2`, outFolder), subset);
    console.log(`${name}-${script}.woff2 ${subset.length} bytes`);
  }
}
