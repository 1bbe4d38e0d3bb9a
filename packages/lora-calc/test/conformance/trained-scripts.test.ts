/** The scripts that are written for TRL train: two steps of each on a tiny model, and exactly the parameters that they print. */

import { describe, expect, it } from "vitest";
import { asScenario } from "../../src/exchange/as-scenario.js";
import { isRefusal } from "../../src/result.js";
import { formatCount } from "../../src/units/format.js";
import { writeTrainerFile } from "../../src/write-trainer-file.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { readGoldens } from "./goldens.js";

interface Row {
  readonly scenario: JsonObject & { readonly id: string };
  /** Parameters that the script trained, by PyTorch. */
  readonly trainable: number;
  /** Of the tensors of these, those that two steps changed. */
  readonly in_changed_tensors: number;
}

const ROWS = readGoldens("trained-scripts.jsonl.gz") as readonly Row[];

describe("a written script", () => {
  it.each(ROWS.map((row) => [row.scenario.id, row] as const))(
    "trains what it prints: %s",
    (_, { scenario, trainable, in_changed_tensors: changed }) => {
      const written = writeTrainerFile(asScenario(scenario), "trl-python");
      if (isRefusal(written)) throw new Error(written.error.message);
      expect(written.files[0].text).toContain(`# trainable params: ${formatCount(trainable)} ||`);
      expect(changed).toBe(trainable);
    },
  );
});
