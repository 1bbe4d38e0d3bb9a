/** What is written for a trainer is what its own parser took, and it read there what the run says. */

import { describe, expect, it } from "vitest";
import { asScenario } from "../../src/exchange/as-scenario.js";
import { parsePython } from "../../files/python/parse-python.js";
import { estimate } from "../../src/estimate.js";
import { peaksOf } from "../../src/exchange/peaks.js";
import { readPythonScript } from "../../src/formats/python/read-script.js";
import { plainData } from "../../src/formats/python/script.js";
import { isRefusal } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";
import { TRAINER_FILE_FORMATS, writeTrainerFile } from "../../src/write-trainer-file.js";
import type { TrainerExport } from "../../src/write-trainer-file.js";
import { isObject } from "../../src/problem/fields.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { readGoldens } from "./goldens.js";

interface Row {
  readonly id: string;
  readonly format: (typeof TRAINER_FILE_FORMATS)[number];
  readonly scenario: JsonObject;
  /** Of the file, as it was when the parser was asked. */
  readonly text: string;
  /** What the parser read, under names of ours. */
  readonly read?: JsonObject;
  readonly refused?: string;
  /** Every text of the file, as a reader of data reads it. */
  readonly texts?: readonly string[];
}

const ROWS = readGoldens("exports.jsonl.gz") as readonly Row[];

/** Refused as the trainer refuses it, which the file says. */
const STOPS = ["llama-factory run 51"];

function written({ scenario, format }: Row) {
  const found = writeTrainerFile(asScenario(scenario), format);
  if (isRefusal(found)) throw new Error(found.error.message);
  return found;
}

function fieldsOf(scenario: JsonObject, name: string): JsonObject {
  return isObject(scenario[name]) ? scenario[name] : {};
}

/** What the run says of what the parser was asked. */
function saidBy({ scenario, format }: Row): JsonObject {
  const [adapter, training] = [fieldsOf(scenario, "adapter"), fieldsOf(scenario, "training")];
  const { per_device_train_batch_size: batch, gradient_accumulation_steps: steps } = training;
  const counted =
    format === "litgpt" ? { total: Number(batch) * Number(steps) } : { accumulation: steps };
  return {
    ...{ batch, ...counted, length: training["max_length"] },
    ...("learning_rate" in training ? { learning_rate: training["learning_rate"] } : {}),
    ...(scenario["adapter"] === null && format !== "litgpt"
      ? {}
      : { r: adapter["r"], alpha: adapter["lora_alpha"], dropout: adapter["lora_dropout"] }),
  };
}

describe.each(TRAINER_FILE_FORMATS)("%s", (format) => {
  const rows = ROWS.filter((row) => row.format === format);
  const runs = rows.filter(({ texts }) => texts === undefined);

  it("was taken by its parser, of forty drawn runs and more", () => {
    expect(runs.length).toBeGreaterThanOrEqual(40);
    const refused = runs.filter((row) => row.refused !== undefined);
    expect(refused.map(({ id }) => `${format} ${id}`)).toEqual(
      STOPS.filter((stop) => stop.startsWith(`${format} `)),
    );
    for (const row of refused) expect(written(row).warnings.join()).toContain("stops");
  });

  it("is written as it was when it was taken", () => {
    // Every second is enough to see that a writer has changed.
    for (const row of rows.filter((_, index) => index % 2 === 0))
      expect(written(row).files[0].text).toBe(row.text);
  });

  it("says there what the run says", () => {
    for (const row of runs) {
      const own = saidBy(row);
      const { read = own } = row;
      // Adapters of a whole model, and those whose default is left to PEFT, are not in every file.
      const names = Object.keys(own).filter((name) => own[name] !== undefined && name in read);
      expect(names.length).toBeGreaterThan(2);
      expect([row.id, only(read, names)]).toEqual([row.id, only(own, names)]);
    }
  });
});

// Of MLX-LM's files only the adapter is read.
describe.each(TRAINER_FILE_FORMATS.filter((format) => format !== "mlx-lm"))("%s", (format) => {
  const runs = ROWS.filter((row) => row.format === format && row.texts === undefined);
  it("is written once more as it is read back", () => {
    for (const row of runs.filter((_, index) => index % 4 === 0)) {
      const first = written(row);
      if (first.warnings.length > 0) continue;
      const again = writeTrainerFile(first.scenario, format);
      if (isRefusal(again)) throw new Error(again.error.message);
      expect([row.id, bodyOf(again)]).toEqual([row.id, bodyOf(first)]);
    }
  });
});

// A Python text is followed, so that what it says is read back, too.
describe.each(["trl-python", "unsloth"] as const)("%s", (format) => {
  const runs = ROWS.filter((row) => row.format === format && row.texts === undefined);
  it("is read back as the run that it says", () => {
    for (const row of runs) {
      const { files, scenario } = written(row);
      const read = readPythonScript(parsePython(files[0].text, files[0].name));
      expect([row.id, read?.findings.filter(({ code }) => code !== "assumed")]).toEqual([row.id, []]);
      expect([row.id, answerOf(read?.scenario)]).toEqual([row.id, answerOf(scenario)]);
    }
  });

  it("keeps a text that tries to break out", () => {
    for (const row of ROWS.filter((each) => each.format === format && each.texts !== undefined)) {
      const { files } = written(row);
      const name = fieldsOf(fieldsOf(row.scenario, "model"), "config")["_name_or_path"];
      const { calls } = parsePython(files[0].text, files[0].name);
      const said = calls.flatMap(({ positional, keywords }) => [...positional, ...keywords.values()]);
      expect([row.id, said.map((value) => plainData(value)?.value)]).toEqual([
        row.id,
        expect.arrayContaining([name]),
      ]);
    }
  });
});

/** Counts and peak; or why there is none. */
function answerOf(scenario: Scenario | undefined): unknown {
  if (scenario === undefined) return undefined;
  const result = estimate(scenario, { expandable: false });
  if (isRefusal(result)) return result.error.message;
  return { parameters: result.parameters, peak: peaksOf(result)?.allocated_peak };
}

/** Without its comments, which name the run that it was written from. */
function bodyOf({ files }: TrainerExport): readonly string[] {
  return files[0].text.split("\n").filter((line) => !line.startsWith("#"));
}

function only(fields: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, fields[name]]));
}

describe("a text that tries to break out", () => {
  const rows = ROWS.filter(({ texts }) => texts !== undefined);
  it("comes back as it was, from every file", () => {
    expect(rows.length).toBeGreaterThan(300);
    for (const { format, scenario, id, texts } of rows) {
      const name = fieldsOf(fieldsOf(scenario, "model"), "config")["_name_or_path"];
      const wanted = format === "litgpt" ? `checkpoints/${String(name)}` : name;
      expect([format, id, texts]).toEqual([format, id, expect.arrayContaining([wanted])]);
    }
  });
});
