import { describe, expect, it } from "vitest";
import { verdictSentence, withArticle } from "./verdict.js";

describe("withArticle(name)", () => {
  it.each([
    "an RTX 4090",
    "an H100",
    "an A100 40GB",
    "an L4",
    "a T4",
    "a Titan RTX",
    "a V100 16GB",
    "a GB10",
    "a B200",
  ])("%s", (phrase) => {
    expect(withArticle(phrase.slice(phrase.indexOf(" ") + 1))).toBe(phrase);
  });
});

describe("verdictSentence(fit, card)", () => {
  it.each([
    ["fits", 6_549_825_126, "Fits an RTX 4090 with 6.10 GiB to spare."],
    ["tight", 262_144_000, "Tight: fits an RTX 4090 with only 250.0 MiB to spare."],
    ["tight", -262_144_000, "Tight: 250.0 MiB over an RTX 4090, within the error of the estimate."],
    ["does_not_fit", -3_650_722_202, "Does not fit an RTX 4090: 3.40 GiB short."],
  ] as const)("says %s with headroom %d", (verdict, headroom, sentence) => {
    expect(
      verdictSentence(
        { verdict, card: "RTX 4090", capacity: 25_757_220_864, usable: 25_254_410_649, headroom },
        "an RTX 4090",
      ),
    ).toBe(sentence);
  });
});
