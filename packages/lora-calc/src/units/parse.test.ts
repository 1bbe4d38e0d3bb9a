import { describe, expect, it } from "vitest";
import { parseBytes } from "./parse.js";

describe("parseBytes", () => {
  it.each([
    ["24GiB", 24 * 2 ** 30],
    [" 80 GB ", 80e9],
    ["512 mib", 512 * 2 ** 20],
    ["1.5KiB", 1536],
    ["7b", 7],
    ["3kb", 3000],
    ["2 MB", 2e6],
    ["2tib", 2 * 2 ** 40],
    ["1TB", 1e12],
    ["0.0001 kB", 0],
    ["0.1 GiB", 107_374_182],
    ["8191TiB", 8191 * 2 ** 40],
  ])("%s is %d bytes", (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  it.each([
    "",
    "24",
    "GiB",
    "-1GB",
    "1e3 MB",
    "24 cats",
    "1.GB",
    "24GiB of it",
    "a 24GiB",
    "9000TiB",
  ])("%s is no size", (text) => expect(parseBytes(text)).toBeUndefined());
});
