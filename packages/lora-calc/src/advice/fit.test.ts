import { describe, expect, it } from "vitest";
import { unknownCard } from "../memory/settings/device.js";
import { DEFAULT_WHEEL } from "../catalogue/cuda.js";
import { fitOf } from "./fit.js";

const card = {
  ...unknownCard(DEFAULT_WHEEL),
  name: "a card",
  capacity: 1100,
  usable: 1000,
  otherProcessBytes: 100,
};

describe("a run on a card of which others leave 900 bytes", () => {
  it.each([
    [800, 900, "fits"],
    [800, 901, "tight"],
    [900, 1200, "tight"],
    [901, 1200, "does_not_fit"],
  ] as const)("between %d and %d bytes: %s", (low, high, verdict) => {
    expect(fitOf([low, high], 850, card).verdict).toBe(verdict);
  });

  it("has the room that is left, and less than none", () => {
    expect(fitOf([0, 0], 850, card)).toMatchObject({
      card: "a card",
      capacity: 1100,
      usable: 1000,
      headroom: 50,
    });
    expect(fitOf([0, 0], 950, card).headroom).toBe(-50);
  });
});
