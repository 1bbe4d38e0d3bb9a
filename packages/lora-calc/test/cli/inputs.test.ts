import fc from "fast-check";
import { InputError, isObject } from "lora-calc";
import { describe, expect, it } from "vitest";
import { linesOf } from "../../cli/input/lines.js";
import { parseYaml } from "../../files/parse-yaml.js";
import { scenarioOf } from "../../cli/input/read-scenario.js";

async function collect(chunks: readonly Uint8Array[], limit: number): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { text } of linesOf(toAsync(chunks), limit)) lines.push(text);
  return lines;
}

async function* toAsync<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

describe("linesOf(input, limit)", () => {
  it("gives the same lines however the bytes arrive", async () => {
    const text = fc.array(fc.string({ unit: "binary" }).map((line) => line.replace(/[\r\n]/g, "")));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (lines, size) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const chunks = [];
        for (let start = 0; start < bytes.length; start += size)
          chunks.push(bytes.subarray(start, start + size));
        expect(await collect(chunks, 1e6)).toEqual(
          lines.map((line) => Buffer.from(line).toString()),
        );
      }),
    );
  });

  it("yields a line above the limit empty", async () => {
    expect(await collect([Buffer.from("abcdef\nab")], 3)).toEqual(["", "ab"]);
  });
});

describe("parseYaml(text, name)", () => {
  it("reads numbers and texts as YAML 1.2 has them", () => {
    expect(parseYaml("a: 2e-4\nb: no\nc: [1, '1']", "x.yaml")).toEqual({
      a: 0.0002,
      b: "no",
      c: [1, "1"],
    });
  });

  it.each([
    ["a: [1", "is not YAML"],
    ["a: 1\na: 2", "is not YAML"],
    [`a: ${"[".repeat(5000)}`, "nested deeper than 64 levels"],
    [`${"- ".repeat(100)}x`, "nested deeper than 64 levels"],
    [bomb(), "is not YAML: Excessive alias count"],
  ])("refuses %.20j", (text, message) => {
    expect(() => parseYaml(text, "x.yaml")).toThrow(message);
  });

  it("answers any text with a value or a Problem", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        try {
          parseYaml(text, "x.yaml");
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
    );
  });
});

/** Nine levels of a list that holds the one before ten times. */
function bomb(): string {
  const lines = Array.from(
    { length: 9 },
    (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(10)}]`,
  );
  return ["a0: &a0 [x]", ...lines].join("\n");
}

describe("scenarioOf(document, name)", () => {
  it("tells the kinds of documents apart", () => {
    expect(scenarioOf({ model: "gpt2", id: "x" }, "f")).toEqual({ model: "gpt2", id: "x" });
    expect(scenarioOf({ model_type: "gpt2" }, "f")).toEqual({
      model: { config: { model_type: "gpt2" } },
      adapter: { r: 16, lora_alpha: 32, target_modules: "all-linear" },
      stack: "trl-1.16",
    });
    expect(scenarioOf({ hidden_size: 64, num_hidden_layers: 2 }, "f")).toEqual({
      model: { hidden_size: 64, num_hidden_layers: 2 },
      adapter: { r: 16, lora_alpha: 32, target_modules: "all-linear" },
      stack: "trl-1.16",
    });
  });

  it("answers any value with a scenario or a Problem", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          expect(isObject(scenarioOf(value, "f"))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
    );
  });
});
