/** Files that PEFT saved in the dtypes of a run (conformance/saved_dtypes.py). */

import { describe, expect, it } from "vitest";
import { compareSaved, savedCases } from "./compare-saved.js";

describe("the file of an adapter has the dtypes of the run", () => {
  it("has more than a hundred cases", () => {
    expect(savedCases.length).toBeGreaterThan(100);
  });

  it("tensor by tensor, and to the byte", () => {
    savedCases.forEach(compareSaved);
  });
});
