import { describe, expect, it } from "vitest";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";
import type { CountHeadline } from "./count-headline.js";
import { countHeadline } from "./count-headline.js";

function headlineOf(adapter: object): CountHeadline {
  const result = estimate({ model: "gpt2", adapter });
  if (isRefusal(result)) throw new Error(result.error.message);
  return countHeadline(result.parameters);
}

describe("countHeadline", () => {
  it("compares with full fine-tuning of the base", () => {
    // 294,912 of 124,439,808 (GPT-2 small, tied head once): 0.236992 %.
    const { share, reduction, scalings } = headlineOf({ r: 8, lora_alpha: 16 });
    expect(share).toBeCloseTo(0.236992, 6);
    expect(reduction).toBeCloseTo(99.763008, 6);
    expect(scalings).toEqual([2]);
  });

  it("scales by alpha over the root of the rank with rsLoRA", () => {
    expect(headlineOf({ r: 16, lora_alpha: 16, use_rslora: true }).scalings).toEqual([4]);
  });
});
