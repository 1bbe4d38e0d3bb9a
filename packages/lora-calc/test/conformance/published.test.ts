/** Adapters that PEFT saved, read as it reads them: counts, and the files to the byte (conformance/published.py). */

import { describe, expect, it } from "vitest";
import { isFileKnown } from "../../src/adapter/saved/file-bytes.js";
import { auditAdapter } from "../../src/audit/audit-adapter.js";
import {
  comparePublishedCounts,
  comparePublishedFile,
  graphOf,
  headerOf,
  planOf,
  published,
} from "./compare-published.js";
import type { PublishedCase } from "./compare-published.js";

/** Not where two modules are trained as one and saved as two. */
function isPlainLora({ adapter, loaded }: PublishedCase): boolean {
  return (
    adapter["peft_type"] === "LORA" &&
    adapter["ensure_weight_tying"] !== true &&
    !("error" in loaded)
  );
}

const FAULTS = ["missing_tensors", "unexpected_tensors", "shape_differs", "empty_tensors", "old_key_format"];

describe("a published adapter", () => {
  it.each(published)("on $id is counted as PEFT counts it after loading", comparePublishedCounts);

  it.each(published)(
    "on $id has the tensors and the size of the file that PEFT wrote",
    comparePublishedFile,
  );

  it.each(published)("on $id is audited without a fault in its tensors", (model) => {
    // The judge puts adapters of every task on this class, which no user would.
    const base = { config: model.config, architecture: graphOf(model).className };
    for (const { adapter, loaded, tensors } of model.cases) {
      if ("error" in loaded) continue;
      const audit = auditAdapter({ config: adapter, header: headerOf(tensors), model: base });
      if ("error" in audit) throw new Error(audit.error.message);
      const faults = audit.findings.filter(({ code }) => FAULTS.includes(code));
      expect({ adapter, faults }).toEqual({ adapter, faults: [] });
    }
  });

  // The others hold buffers of copies, frozen biases under a head, or biases of shared layers under two names.
  it("of LoRA holds what PEFT trains, counted from its tensors alone, in 98 of 100 files", () => {
    const files = published.flatMap((model) => model.cases.filter(isPlainLora));
    const equal = files.filter(({ adapter, tensors, loaded }) => {
      const result = auditAdapter({ config: adapter, header: headerOf(tensors) });
      return "trainable" in loaded && "file" in result && result.file.parameters === loaded.trainable;
    });
    expect(files.length).toBeGreaterThanOrEqual(800);
    expect(equal.length / files.length).toBeGreaterThan(0.98);
  });

  it("has a known file in nine of ten cases and in all of the usual methods", () => {
    const plans = published.flatMap((model) => {
      const graph = graphOf(model);
      return model.cases.flatMap((golden) => planOf(graph, golden) ?? []);
    });
    const known = plans.filter(isFileKnown);
    expect(known.length).toBeGreaterThanOrEqual(2400);
    const ofLora = plans.filter(({ peftType }) => peftType === "LORA");
    expect(ofLora.filter(isFileKnown).length / ofLora.length).toBeGreaterThan(0.9);
  });
});
