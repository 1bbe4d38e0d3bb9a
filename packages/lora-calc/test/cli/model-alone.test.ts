/** What a model alone means on the command line, where not every linear layer can be adapted. */

import { describe, expect, it } from "vitest";
import { run } from "./run.js";

describe("a model alone", () => {
  it("says which modules it leaves out, and leaves none out that were asked for", async () => {
    const mamba = "state-spaces/mamba-130m-hf";
    const { result } = await run("estimate", mamba);
    expect(result).toContain("all-linear without out_proj, conv1d");
    const { code, talk } = await run("estimate", mamba, "--target-modules", "all-linear");
    expect(code).toBe(2);
    expect(talk).toContain("exclude_modules");
  });
});
