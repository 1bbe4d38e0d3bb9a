/** `explain --saw`: the numbers that a tool printed. */

import { expect, it } from "vitest";
import { runExplain } from "../../cli/commands/explain.js";
import { caught } from "./caught-output.js";
import type { Caught } from "./caught-output.js";

function explained(saw: string): Promise<Caught> {
  const flags = new Map([
    ["--rank", "8"],
    ["--target-modules", "c_attn"],
  ]);
  return caught((output) => runExplain("gpt2", { parts: [], saw }, flags, output));
}

it("says why the number is what it is", async () => {
  const { code, text } = await explained("Number of trainable parameters = 147,456");
  expect(code).toBe(0);
  // peft 0.21.0: r=8 on c_attn of gpt2.
  expect(text).toContain("trainable params: 294,912 ||");
  expect(text).toMatch(/sharded: the trainable number, 147,456: the share of one of 2/);
});

it("asks for numbers where there are none", async () => {
  const { code, talk } = await explained("nothing");
  expect(code).toBe(2);
  expect(talk).toContain("no numbers of parameters");
});
