/**
 * The symbolic step against tapes of the real code, event by event, in every world. Tapes: conformance/tape_goldens.py
 * (torch 2.13 or the one that is named; transformers and PEFT of the world).
 */

import { describe, it } from "vitest";
import { compareTape, readTapes } from "./compare-tape.js";

const FILES = ["tapes.jsonl.gz", "tapes-transformers-5.24.jsonl.gz", "tapes-transformers-4.57.jsonl.gz", "tapes-torch-2.14.jsonl.gz"];

describe.each(FILES)("a symbolic step allocates and frees what the real code does: %s", (name) => {
  for (const golden of readTapes(name)) {
    it(golden.scenario.id, () => compareTape(golden));
  }
});
