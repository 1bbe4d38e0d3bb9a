/** `explain --saw`: the numbers that a tool printed. */

import { expect, it } from "vitest";
import { runExplain } from "../../cli/commands/explain.js";
import { PLAIN } from "../../cli/render/style.js";

async function explained(saw: string): Promise<{ code: number; text: string; talk: string }> {
  let [text, talk] = ["", ""];
  const output = {
    result: (part: string) => {
      text += part;
      return Promise.resolve();
    },
    talk: (part: string) => {
      talk += part;
    },
    style: PLAIN,
  };
  const flags = new Map([
    ["--rank", "8"],
    ["--target-modules", "c_attn"],
  ]);
  const code = await runExplain("gpt2", { parts: [], saw }, flags, output);
  return { code, text, talk };
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
