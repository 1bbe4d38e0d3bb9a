import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatFixed,
  formatGB,
  formatMagnitude,
  formatMiB,
  formatSignedShare,
  formatTrainableLine,
} from "./format.js";

it.each([
  [-0.0437, "−4.4 %"],
  [0.0005, "+0.1 %"],
  [-0.0004, "0.0 %"],
  [0, "0.0 %"],
  [1.5, "+150.0 %"],
])("a share of %d is %s", (share, text) => expect(formatSignedShare(share)).toBe(text));

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [2 ** 20 - 1, "1024.0 KiB"],
    [2 ** 20, "1.0 MiB"],
    [1.5 * 2 ** 20, "1.5 MiB"],
    [2 ** 30, "1.00 GiB"],
    [8_072_204_288, "7.52 GiB"],
    [-(2 ** 30), "-1.00 GiB"],
    [-512, "-512 B"],
  ])("%d is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

it.each([
  [8_326_180_352, "7,940.5 MiB"],
  [2 ** 20, "1.0 MiB"],
  [0, "0.0 MiB"],
])("%d bytes are %s, as nvidia-smi would say", (bytes, text) =>
  expect(formatMiB(bytes)).toBe(text),
);

it.each([
  [8e9, "8.00 GB"],
  [24_567_000_000, "24.57 GB"],
])("%d bytes are %s", (bytes, text) => expect(formatGB(bytes)).toBe(text));

it.each([
  [0, "0"],
  [999, "999"],
  [1000, "1,000"],
  [4_194_304, "4,194,304"],
])("%d is counted as %s", (count, text) => expect(formatCount(count)).toBe(text));

it.each([
  [9999, "9,999"],
  [10_000, "10.0 k"],
  [999_949, "999.9 k"],
  [1e6, "1.00 M"],
  [41_943_040, "41.94 M"],
  [1e9, "1.00 B"],
  [8_072_204_288, "8.07 B"],
])("%d is about %s", (count, text) => expect(formatMagnitude(count)).toBe(text));

/** What CPython 3.11 prints for f"{value:.{digits}f}". */
describe("formatFixed rounds as Python", () => {
  it.each([
    [0.031_25, 4, "0.0312"],
    [0.093_75, 4, "0.0938"],
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [2.5, 0, "2"],
    [0.125, 2, "0.12"],
    [0.375, 2, "0.38"],
    [2.675, 2, "2.67"],
    [1.005, 2, "1.00"],
    [0.500_976_562_5, 4, "0.5010"],
    [0.15, 1, "0.1"],
    [0.26, 1, "0.3"],
    [0.25, 1, "0.2"],
    [100, 4, "100.0000"],
  ])("%d to %d decimals is %s", (value, digits, text) => {
    expect(formatFixed(value, digits)).toBe(text);
  });
});

it("writes PEFT's line to the character", () => {
  // https://github.com/huggingface/peft/blob/0087b91c0b31b167fb66b61cf8f90d5bf6cb7f7f/docs/source/quicktour.md
  expect(formatTrainableLine(524_288, 1_236_338_688)).toBe(
    "trainable params: 524,288 || all params: 1,236,338,688 || trainable%: 0.0424",
  );
});
