import { expect, it } from "vitest";
import { DEFAULT_STEP } from "../../fields/step.js";
import { compiledUpdateWarnings } from "./compiled-update.js";

it.each([
  ["adamw_torch_8bit", /up to 8 bytes/],
  ["adamw_torch_4bit", /up to 26 bytes/],
] as const)("%s says what its compiled update may hold", (optim, said) => {
  const [warning] = compiledUpdateWarnings({ ...DEFAULT_STEP, optim });
  expect(warning?.code).toBe("partial_program");
  expect(warning?.message).toMatch(said);
});

it("others have kernels of their own", () => {
  expect(compiledUpdateWarnings({ ...DEFAULT_STEP, optim: "ademamix" })).toEqual([]);
});
