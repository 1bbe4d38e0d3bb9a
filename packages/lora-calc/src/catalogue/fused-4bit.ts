/**
 * Up to how many tokens bitsandbytes multiplies by a packed weight without unpacking it: its kernel reads the 4-bit weight
 * where that was measured to be faster, by card and shape.
 *
 * Source: bitsandbytes 0.50.2 backends/cuda/ops.py `_gemm_4bit_use_custom_cuda`, `gemm_4bit`; the same answers on the
 * shapes of test/conformance/fused-4bit.jsonl.gz.
 */

import type { Dtype } from "../units/dtype.js";

export interface Packed4bit {
  /** Compute capability, as 89 for 8.9. */
  readonly sm: number;
  readonly multiprocessors: number;
  readonly dtype: Dtype;
  readonly tokens: number;
  /** Of the weight: rows, and columns, which the blocks of 64 must divide. */
  readonly outFeatures: number;
  readonly inFeatures: number;
}

/** A shape on a card: blocks of 64 rows, n rows, k columns, sms multiprocessors. */
interface Shape {
  readonly blocks: number;
  readonly n: number;
  readonly k: number;
  readonly sms: number;
}

/** The first tier that applies says up to how many tokens. */
type Tier = readonly [
  applies: (shape: Shape) => boolean,
  limit: number | ((shape: Shape) => number),
];

const NEVER = 0;
const BLOCK = 64;
const LARGEST = 1536;
const SMALL_WEIGHT = 4 * 1024 * 1024;

const always = (): boolean => true;
const isTall = ({ n, k }: Shape): boolean => k > 2 * n;
/** At least `share` blocks for every multiprocessor. */
const waves =
  (share: number) =>
  ({ blocks, sms }: Shape): boolean =>
    blocks >= share * sms;
const halfWave = ({ blocks, sms }: Shape): boolean => blocks >= Math.floor(sms / 2);
const isWide = ({ n, k }: Shape): boolean => k < n;
const wideElse =
  (wide: number, other: number) =>
  (shape: Shape): number =>
    isWide(shape) ? wide : other;

const TIERS: Readonly<Record<75 | 80 | 86 | 89 | 90 | 120 | 121, readonly Tier[]>> = {
  75: [
    [waves(3), wideElse(128, 64)],
    [halfWave, 64],
    [always, 32],
  ],
  80: [
    [waves(3), 128],
    [waves(1), wideElse(64, 32)],
    [({ n, k, blocks, sms }) => k >= 3 * n && 4 * blocks > sms, NEVER],
    [({ n, k, blocks, sms }) => k === n && blocks >= 48 && 5 * blocks < 3 * sms, NEVER],
    [({ n, k, blocks, sms }) => 2 * blocks < sms && k <= n, 128],
    [({ blocks, sms }) => 2 * blocks < sms && 3 * blocks >= sms, NEVER],
    [(shape) => halfWave(shape) && isWide(shape), 128],
    [always, 16],
  ],
  86: [
    [waves(1), 128],
    [halfWave, 64],
    [always, 16],
  ],
  90: [
    [waves(3), 64],
    [waves(2), 48],
    [waves(1), 32],
    [(shape) => halfWave(shape) && !isWide(shape) && 4 * shape.blocks < 3 * shape.sms, NEVER],
    [halfWave, 16],
    [always, NEVER],
  ],
  120: [
    [waves(3), 256],
    [waves(2), 128],
    [({ blocks, sms }) => 5 * blocks >= 4 * sms, wideElse(64, 96)],
    [(shape) => halfWave(shape) && 2 * shape.k >= shape.n && shape.blocks >= 128, 64],
    [halfWave, 8],
    [(shape) => isTall(shape) && shape.blocks > 64, 16],
    [always, 8],
  ],
  121: [[waves(1), 256]],
  89: [
    [waves(3), 256],
    [waves(2), 128],
    [
      ({ blocks, sms }) => 5 * blocks >= 4 * sms,
      (shape) => {
        if (isTall(shape) || shape.blocks >= 200) return 128;
        return wideElse(64, shape.sms >= 60 ? 128 : 32)(shape);
      },
    ],
    [(shape) => halfWave(shape) && isTall(shape), 64],
    [(shape) => halfWave(shape) && shape.blocks >= 64, 8],
    [halfWave, 32],
    [({ n, k, blocks }) => k > n && blocks <= 48, ({ n, k }) => (k >= 3 * n ? 12 : 10)],
    [(shape) => isTall(shape) || shape.blocks < 48, 16],
    [always, 8],
  ],
};

const B200: readonly Tier[] = [
  [waves(3), 32],
  [(shape) => waves(1)(shape) && isWide(shape), 8],
  [always, NEVER],
];

/** Whether the product runs on the packed weight. */
export function fuses4bit({
  sm,
  multiprocessors,
  dtype,
  tokens,
  outFeatures,
  inFeatures,
}: Packed4bit): boolean {
  if (tokens > LARGEST || inFeatures % BLOCK !== 0) return false;
  if (tokens <= 4) return true;
  if (dtype === "float32" || sm < 75 || (sm < 80 && dtype !== "float16")) return tokens < 8;
  if (sm === 87 || (sm >= 110 && sm < 120)) return false;
  const shape: Shape = {
    blocks: Math.ceil(outFeatures / BLOCK),
    ...{ n: outFeatures, k: inFeatures, sms: multiprocessors },
  };
  if (sm >= 100 && sm < 110) return tokens <= limitOf(B200, shape);
  if (outFeatures * inFeatures < SMALL_WEIGHT) return tokens <= smallLimit(sm, shape, tokens);
  if (tokens > 512) return false;
  if (tokens < 8) return !losesBelowEight(sm, shape, tokens);
  return tokens <= limitOf(tiersOf(sm), shape);
}

function tiersOf(sm: number): readonly Tier[] {
  if (sm === 121) return [...TIERS[121], ...TIERS[89]];
  const known = sm >= 90 && sm < 100 ? 90 : sm;
  return (TIERS as Readonly<Record<number, readonly Tier[]>>)[known] ?? TIERS[89];
}

function limitOf(tiers: readonly Tier[], shape: Shape): number {
  const [, limit] = tiers.find(([applies]) => applies(shape)) ?? [always, NEVER];
  return typeof limit === "number" ? limit : limit(shape);
}

/** Weights below 4 Mi elements: unpacking them costs more than the product. */
function smallLimit(sm: number, shape: Shape, tokens: number): number {
  const { blocks, n, k, sms } = shape;
  const isHbm = sm === 80 || (sm >= 90 && sm < 100);
  if (2 * k < n) {
    if (isHbm) {
      const isLow = 3 * blocks < sms;
      return sm === 80 ? (isLow ? 1536 : 512) : isLow ? 512 : 320;
    }
    if (sm === 75) return waves(3)(shape) || k < 704 ? 320 : k >= 1024 ? 64 : 96;
    return blocks >= sms || blocks * k <= 320 * sms ? 320 : 192;
  }
  const isQuarter = 4 * blocks <= sms;
  if (sm === 80 && isQuarter) return k < n ? 384 : 8 * blocks <= sms ? 32 : 128;
  if (sm === 75 && blocks < sms && tokens > 8) return 64;
  if (isQuarter) return k < n || isHbm ? 32 : 23;
  return 2 * blocks <= sms ? 16 : NEVER;
}

/** Five to seven tokens: the kernel wins but on two cards at some shapes. */
function losesBelowEight(sm: number, { blocks, n, k, sms }: Shape, tokens: number): boolean {
  const isSm90 = sm >= 90 && sm < 100;
  if (!(sm === 80 || isSm90) || tokens < 6 || blocks < (isSm90 ? 36 : 48)) return false;
  const [isBelowThreeQuarters, isBelowThreeFifths] = [4 * blocks < 3 * sms, 5 * blocks < 3 * sms];
  if (k > n) return isBelowThreeQuarters;
  if (k < n) return false;
  return sm === 80 ? isBelowThreeFifths : isBelowThreeQuarters && !isBelowThreeFifths;
}
