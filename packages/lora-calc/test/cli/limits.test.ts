/** `lora-calc limits` at a terminal: which values, what ends them, and what it asks for. */

import { expect, it } from "vitest";
import { run } from "./run.js";

const GPT2 = ["gpt2", "--rank", "8", "--gpu", "T4"] as const;

it("names the largest batch, length and rank, and what ends each", async () => {
  const { code, result } = await run("limits", ...GPT2);
  expect(code).toBe(0);
  expect(result).toContain("The largest on T4, each with all else as it is");
  // n_positions and n_embd of https://huggingface.co/openai-community/gpt2/blob/main/config.json
  expect(result).toMatch(
    /tokens per sequence +1,024 +now 1,024 .* 1,088 is more than the model takes or is computed/,
  );
  expect(result).toMatch(/rank +768 +now 8 .* more gains nothing/);
  expect(result).toMatch(/sequences per step +\d+ +now 8 .* \d+ does not fit/);
  expect(result).toContain("Cards that hold it");
});

it("gives the same as JSON", async () => {
  const { result } = await run("limits", ...GPT2, "--json");
  expect(JSON.parse(result)).toMatchObject({
    card: "T4",
    max_length: { now: 1024, value: 1024, step: 64, ends_by: "model", also_fits: [] },
    r: { value: 768, ends_by: "search" },
  });
});

it("asks for a card", async () => {
  const { code, talk } = await run("limits", "gpt2");
  expect(code).toBe(2);
  expect(talk).toContain("--gpu");
});
