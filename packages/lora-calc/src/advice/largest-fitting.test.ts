import { describe, expect, it } from "vitest";
import { ISLAND_STEPS, islandsAbove, largestFitting } from "./largest-fitting.js";
import type { RoomAt } from "./largest-fitting.js";

const MOST = 2 ** 14;

/** A card of `size` on which a step of the setting takes what `needs` says. */
function card(size: number, needs: (step: number) => number): RoomAt {
  return (step) => ({ bytes: size - needs(step), bytesWithoutCache: size - needs(step) });
}

describe("largestFitting", () => {
  it.each<[string, (step: number) => number]>([
    ["a line", (step) => 300 + 7 * step],
    ["a line that starts above the card", (step) => 20_000 + step],
    ["a line in stairs", (step) => 300 + 20 * Math.ceil((7 * step) / 20)],
    ["a square", (step) => 300 + step ** 2],
    ["a line and a square", (step) => 5000 + 3 * step + step ** 2 / 100],
  ])("finds the end of %s in twelve runs, from wherever it begins", (_, needs) => {
    const roomAt = card(10_000, needs);
    for (const start of [1, 2, 40, 1000, 9000, MOST, 3 * MOST]) {
      const { fits, endsBy, estimates } = largestFitting(roomAt, { start, most: MOST });
      if (fits > 0) expect(needs(fits)).toBeLessThanOrEqual(10_000);
      expect(needs(fits + 1)).toBeGreaterThan(10_000);
      expect(endsBy).toBe("card");
      expect(estimates).toBeLessThanOrEqual(12);
    }
  });

  it("finds by halving what no curve tells of", () => {
    const roomAt = card(10_000, (step) => (step < 977 ? 10 : 99_999));
    for (const start of [1, 2, 40, 1000, 9000, MOST]) {
      const { fits, estimates } = largestFitting(roomAt, { start, most: MOST });
      expect(fits).toBe(976);
      expect(estimates).toBeLessThanOrEqual(24);
    }
  });

  it("says that the search ended before the card did", () => {
    expect(
      largestFitting(
        card(10_000, () => 5),
        { start: 3, most: 64 },
      ),
    ).toMatchObject({
      fits: 64,
      endsBy: "search",
    });
  });

  it("takes a run that is not computed for one that does not fit", () => {
    const roomAt: RoomAt = (step) => (step > 16 ? undefined : card(10_000, () => 5)(step));
    expect(largestFitting(roomAt, { start: 8, most: 999 })).toMatchObject({
      fits: 16,
      endsBy: "model",
    });
  });
});

describe("islandsAbove", () => {
  it("finds steps that fit again, and stops where the allocated peak does not", () => {
    const fitting = new Set([10, 13, 14, 30]);
    const roomAt: RoomAt = (step) => ({
      bytes: fitting.has(step) ? 0 : -1,
      bytesWithoutCache: 20 - step,
    });
    expect(islandsAbove(roomAt, 10, MOST)).toEqual([13, 14]);
  });

  it("looks no further than the steps it names, nor beyond the last", () => {
    const looked: number[] = [];
    const roomAt: RoomAt = (step) => {
      looked.push(step);
      return { bytes: -1, bytesWithoutCache: 1 };
    };
    islandsAbove(roomAt, 10, MOST);
    expect([looked[0], looked.at(-1)]).toEqual([12, 10 + ISLAND_STEPS]);
    looked.length = 0;
    islandsAbove(roomAt, 10, 20);
    expect(looked.at(-1)).toBe(20);
  });
});
