import { expect, test } from "vitest";
import { estimate } from "./estimate.js";
import { InputError } from "./problem/problem.js";
import { isRefusal } from "./result.js";
import { EIGHT_CARDS, onCards } from "./on-cards.js";

const RUN = {
  model: "qwen2.5-0.5b",
  adapter: { r: 8, target_modules: "all-linear" },
  training: { max_length: 4096 },
};

test("eight kinds of card, smallest first, each as an estimate on it says", () => {
  const rows = onCards(RUN);
  expect(rows.map(({ card }) => card).sort()).toEqual([...EIGHT_CARDS].sort());
  expect(rows[0]?.card).toBe("RTX 3060");
  for (const { card, fit } of rows) {
    const answer = estimate({ ...RUN, hardware: { gpu: card } });
    if (isRefusal(answer)) throw new Error(answer.error.message);
    expect(fit).toEqual(answer.fit);
  }
  // bfloat16 has no fused attention below Ampere: the same run takes more on a T4.
  const process = (name: string) => rows.find(({ card }) => card === name)?.process_peak ?? 0;
  expect(process("T4")).toBeGreaterThan(process("RTX 3090"));
});

test("an unknown card stops with its name, a refused run is refused on every card", () => {
  expect(() => onCards(RUN, ["RTX 9999"])).toThrow(InputError);
  expect(onCards({ model: "nothing" }, ["T4"])[0]?.problem?.code).toBe("unknown_model");
});
