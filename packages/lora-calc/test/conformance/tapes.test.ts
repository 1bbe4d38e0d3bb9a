/**
 * The symbolic step against tapes of the real code, event by event. Tapes: conformance/tape_goldens.py (torch 2.13,
 * transformers 5.18, PEFT 0.21).
 */

import { describe, it } from "vitest";
import { compareTape, readTapes } from "./compare-tape.js";

describe("a symbolic step allocates and frees what the real code does", () => {
  for (const golden of readTapes()) {
    it(golden.scenario.id, () => compareTape(golden));
  }
});
