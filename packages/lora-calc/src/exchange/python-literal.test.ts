import { describe, expect, it } from "vitest";
import { pythonLiteral } from "./python-literal.js";

describe("pythonLiteral(value)", () => {
  it.each([
    [null, "None"],
    [true, "True"],
    [0.05, "0.05"],
    [["q_proj", false], '["q_proj", False]'],
    [{ a: { b: [] } }, '{"a": {"b": []}}'],
    ['"); import os #', '"\\"); import os #"'],
    ["line\nbreak\\", '"line\\nbreak\\\\"'],
    ["模型", '"模型"'],
    ["right\u202eleft\u2028next\u007f", '"right\\u202eleft\\u2028next\\u007f"'],
    ["\u{e0041}", '"\\U000e0041"'],
    ["\ud800", '"\\ud800"'],
  ])("%j is %s", (value, source) => {
    expect(pythonLiteral(value)).toBe(source);
  });
});
