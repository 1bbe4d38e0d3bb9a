import { asScenario } from "../exchange/as-scenario.js";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../problem/fields.js";
import { InputError } from "../problem/problem.js";
import { writeAdapterConfig } from "./adapter-config.js";

/** Written by conformance/adapter_config.py with the real PEFT. */
interface Golden {
  readonly base: string;
  readonly cases: readonly {
    readonly adapter: Readonly<Record<string, unknown>>;
    readonly text: string;
  }[];
}

const GOLDEN = JSON.parse(
  readFileSync(new URL("../../test/conformance/adapter-config.json", import.meta.url), "utf8"),
) as Golden;

function pathOf(adapter: JsonObject): string | undefined {
  try {
    writeAdapterConfig({ model: "gpt2", adapter });
  } catch (error) {
    if (error instanceof InputError) return error.problem.path;
  }
  return undefined;
}

describe("writeAdapterConfig(scenario)", () => {
  it.each(
    GOLDEN.cases.map(({ adapter, text }) => [JSON.stringify(adapter), adapter, text] as const),
  )("is what PEFT saves for %s", (_, adapter, text) => {
    expect(writeAdapterConfig({ model: GOLDEN.base, adapter })).toBe(text);
  });

  it("sorts its fields, wherever they were given", () => {
    const text = writeAdapterConfig({
      model: "gpt2",
      adapter: { use_rslora: true, bias: "all", r: 4 },
    });
    const names = [...text.matchAll(/^ {2}"(\w+)":/gm)].map(([, name]) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toContain("use_rslora");
  });

  it("refuses what LoraConfig does not have", () => {
    expect(() => writeAdapterConfig(asScenario({ model: "gpt2", adapter: { rank: 8 } }))).toThrow(
      "adapter.rank is not a known field",
    );
    expect(pathOf({ peft_type: "IA3" })).toBe("adapter.peft_type");
    expect(() => writeAdapterConfig({ model: "gpt2", adapter: { peft_type: "IA3" } })).toThrow(
      "adapter.peft_type IA3 is counted but not written; LORA is",
    );
  });
});
