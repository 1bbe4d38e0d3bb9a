/** The scripts that are written for TRL train: two steps of each on a tiny model, and exactly the parameters that they print. */

import { describe, expect, it } from "vitest";
import { calibrate } from "../../src/calibrate.js";
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
  /** What measure.py wrote on a machine without a card; absent of preferences. */
  readonly measured?: JsonObject & { readonly trainable: number };
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

describe("measure.py without a card", () => {
  const rows = ROWS.flatMap((row) => (row.measured === undefined ? [] : [[row.scenario.id, row.measured] as const]));

  it("was run for every supervised run", () => {
    expect(rows.length).toBe(ROWS.length - 1);
  });

  it.each(rows)("trained what calibrate counts: %s", (_, measured) => {
    const found = calibrate(measured);
    if (isRefusal(found)) throw new Error(found.error.message);
    expect(found.trainable).toEqual({ measured: measured.trainable, predicted: measured.trainable });
    expect(found.findings).toEqual(["no memory was measured: the run was made without a CUDA card"]);
  });
});
