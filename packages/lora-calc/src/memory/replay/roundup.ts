/**
 * How PyTorch's allocator rounds a request up: to a multiple of 512, or by `roundup_power2_divisions` to a fraction of the power
 * of two below it. Unit: bytes.
 *
 * Source: torch 2.13 c10/cuda/CUDACachingAllocator.cpp `round_size`, c10/core/AllocatorConfig.cpp
 * `parseRoundUpPower2Divisions`. Certainty: read.
 */

import { MIB } from "../../units/format.js";

export const MIN_BLOCK = 512;
/** Sizes of their own have powers of two from 1 MiB on. */
const POWERS = 16;
const FIRST_POWER = 20;

export type RoundUp = (bytes: number) => number;

export function plainRoundUp(bytes: number): number {
  return Math.ceil(bytes / MIN_BLOCK) * MIN_BLOCK;
}

/** `[32:256,64:128,256:64,>:32]`: divisions by the power of two in MiB; empty for none. */
export function roundUpOf(setting: string): RoundUp {
  const divisions = divisionsOf(setting);
  if (divisions === undefined) return plainRoundUp;
  return (bytes) => {
    if (bytes <= MIB) return Math.max(byDivisions(bytes, divisions[0] ?? 0), MIN_BLOCK);
    const power = Math.floor(Math.log2(bytes)) - FIRST_POWER;
    return byDivisions(bytes, divisions[Math.min(power, POWERS - 1)] ?? 0);
  };
}

function byDivisions(bytes: number, count: number): number {
  if (count <= 1 || bytes <= MIN_BLOCK * count) return plainRoundUp(bytes);
  const power = 2 ** Math.floor(Math.log2(bytes));
  return power === bytes ? bytes : Math.ceil(bytes / (power / count)) * (power / count);
}

/** The first size named holds for all below it, `>` for all above the last. */
function divisionsOf(setting: string): readonly number[] | undefined {
  const parts = setting
    .replace(/^\[|\]$/g, "")
    .split(",")
    .filter((part) => part !== "");
  if (parts.length === 0) return undefined;
  const divisions = new Array<number>(POWERS).fill(0);
  let last = -1;
  for (const part of parts) {
    const [size = "", count = "0"] = part.split(":");
    const from =
      size === ">" ? last + 1 : Math.min(Math.floor(Math.log2(Number(size))), POWERS - 1);
    if (size === ">") divisions.fill(Number(count), from);
    else if (last < 0) divisions.fill(Number(count), 0, from + 1);
    else divisions[from] = Number(count);
    if (size !== ">") last = from;
  }
  return divisions;
}
