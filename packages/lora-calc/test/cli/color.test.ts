import { describe, expect, it } from "vitest";
import { hasColor } from "../../cli/output.js";

describe("hasColor(isTerminal, wantsColor, environment)", () => {
  it.each([
    [true, true, {}, true],
    [false, true, {}, false],
    [true, true, { NO_COLOR: "1" }, false],
    [true, false, { FORCE_COLOR: "1" }, false],
    [false, true, { FORCE_COLOR: "1" }, true],
    [true, true, { TERM: "dumb" }, false],
  ])("%j %j %j", (isTerminal, wantsColor, environment, expected) => {
    expect(hasColor(isTerminal, wantsColor, environment)).toBe(expected);
  });
});
