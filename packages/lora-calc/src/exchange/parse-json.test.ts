import { describe, expect, it } from "vitest";
import { InputError } from "../problem/problem.js";
import { MAX_DEPTH, parseJson, rejectSize } from "./parse-json.js";

describe("parseJson(text, what)", () => {
  it("reads a value, with or without a byte order mark", () => {
    expect(parseJson('\uFEFF{"r": [16, "a\\"]["]}', "adapter")).toEqual({ r: [16, 'a"]['] });
  });

  it.each([
    ['{\n  "r": 16,\n}', "adapter is not JSON: line 3, column 1"],
    ['{"dora": yes}', 'adapter is not JSON: near "{"dora": yes}"'],
    ["", "adapter is not JSON: it ends too early (it is empty)"],
    ["<!DOCTYPE html>", "(it looks like a web page: download the raw file)"],
  ])("says where %j breaks", (text, message) => {
    expect(() => parseJson(text, "adapter")).toThrow(message);
  });

  it("refuses deep nesting before building the value", () => {
    const deep = "[".repeat(1_000_000);
    expect(() => parseJson(deep, "config.json")).toThrow(`deeper than ${MAX_DEPTH} levels`);
  });

  it("takes what is nested to the limit, counting brackets outside texts only", () => {
    const nested = (depth: number, inner = ""): string =>
      `${"[".repeat(depth)}${inner}${"]".repeat(depth)}`;
    expect(() => parseJson(nested(MAX_DEPTH), "x")).not.toThrow();
    expect(() => parseJson(nested(MAX_DEPTH + 1), "x")).toThrow("nested deeper");
    const quoted = String.raw`"a \" ${"[".repeat(MAX_DEPTH)}"`;
    expect(() => parseJson(nested(MAX_DEPTH, quoted), "x")).not.toThrow();
    const beside = `[${"[],{},".repeat(MAX_DEPTH)}1]`;
    expect(() => parseJson(beside, "x")).not.toThrow();
    const behind = String.raw`["\\", ${nested(MAX_DEPTH)}]`;
    expect(() => parseJson(behind, "x")).toThrow("nested deeper");
  });

  it("counts lines and columns from one", () => {
    expect(() => parseJson('{"a": 1,\n "b": 2,,}', "x")).toThrow("x is not JSON: line 2, column 9");
  });

  it("refuses a text above the limit", () => {
    expect(() => parseJson(" ".repeat(5_000_001), "config.json")).toThrow(
      "config.json has 5000001 bytes; at most 5000000 bytes (5 MB) are read",
    );
  });

  it("says no more of a text whose size nobody counted", () => {
    expect(() => rejectSize("stdin")).toThrow("stdin has more; at most 5000000 bytes");
  });

  it("names a web page as what it is, and nothing of other texts", () => {
    const message = (text: string): string => {
      try {
        parseJson(text, "x");
      } catch (error) {
        if (error instanceof InputError) return error.problem.message;
      }
      throw new Error("was read");
    };
    expect(message("  <html>")).toContain("looks like a web page");
    expect(message("[1,")).not.toContain("(");
    expect(message("")).toContain("(it is empty)");
  });
});
