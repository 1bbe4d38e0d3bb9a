/** Who judged the size of every model of the catalogue: docs/catalogue.md. */

import { expect, it } from "vitest";
import { listModels } from "lora-calc";

const NUMBER = new Intl.NumberFormat("en-US");
/** Models whose class needs a package that the judge has not: their totals are those of the safetensors files. */
const BY_HEADER: readonly string[] = ["gemma-3n-e2b", "gemma-3n-e4b"];

function page(): string {
  const names = listModels().reduce((sum, { aliases = [] }) => sum + 1 + aliases.length, 0);
  const rows = listModels().map(({ id, repo, aliases = [], parameters, source }) => {
    const judge = BY_HEADER.includes(id) ? "safetensors total" : "transformers 5.18.0";
    return `| ${repo} | ${aliases.length + 1} | ${NUMBER.format(parameters)} | ${judge} | ${source} |`;
  });
  return [
    "# Catalogue",
    "",
    `${listModels().length} shapes under ${names} names, and copies of them by rule (\`unsloth/NAME\`, \`NAME-bnb-4bit\`). Every size is counted by transformers on the`,
    "meta device (`conformance/catalogue_sizes.py`), tied weights once, and built to the unit by every test run. Written by",
    "`packages/lora-calc/test/names/catalogue-page.test.ts`. A judge builds the shape that it is given: of rows that say so nobody has read the config.json here.",
    "",
    "| Model | Names | Parameters | Judged by | Shape from |",
    "| --- | ---: | ---: | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

it("is told in docs/catalogue.md", async () => {
  await expect(page()).toMatchFileSnapshot("../../../../docs/catalogue.md");
});
