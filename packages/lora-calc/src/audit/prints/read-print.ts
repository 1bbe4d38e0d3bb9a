/** Numbers of parameters as tools print them. */

/** A number and how far it was rounded. */
export interface Figure {
  readonly value: number;
  /** Half of the last digit that was printed. */
  readonly tolerance: number;
}

export interface Printed {
  readonly trainable?: Figure;
  readonly all?: Figure;
  /** 100 · trainable / all, where no number of parameters was printed. */
  readonly percent?: Figure;
}

const NUMBER = String.raw`(\d[\d,_]*(?:\.\d+)?)\s*([KMBkmb](?![a-z]))?`;
const UNITS: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, b: 1e9 };

/** Lines that name their numbers; the first group pair is the trainable number, the second the whole. */
const LINES: readonly RegExp[] = [
  // PEFT: trainable params: 1,536 || all params: 125,376 || trainable%: 1.2251
  new RegExp(String.raw`trainable params:?\s*${NUMBER}.*?all params:?\s*${NUMBER}`, "is"),
  // Unsloth: Trainable parameters = 41,943,040 of 8,072,204,288 (0.52% trained)
  new RegExp(String.raw`trainable param(?:eter)?s\s*=\s*${NUMBER}\s*(?:of|/)\s*${NUMBER}`, "i"),
  // MLX: Trainable parameters: 0.021% (1.704M/8030.261M)
  new RegExp(
    String.raw`trainable param(?:eter)?s:?\s*[\d.]+\s*%\s*\(${NUMBER}\s*/\s*${NUMBER}\)`,
    "i",
  ),
  // transformers' Trainer: Number of trainable parameters = 705,024
  new RegExp(String.raw`trainable param(?:eter)?s\s*[:=]\s*${NUMBER}`, "i"),
  // Numbers alone, perhaps rounded: 705,024 or 705,024 / 126,649,344, about 42M, ~0.7M of 126.6M
  new RegExp(
    String.raw`^\s*(?:about|around|approx\.?|roughly|~|≈|circa)?\s*${NUMBER}(?:\s*(?:/|of|\|\||\s)\s*${NUMBER})?\s*$`,
    "i",
  ),
];

/** A share alone: 0.28 %, trainable%: 0.2844, about 0.28 percent. */
const PERCENT = /(?:^|trainable%:?|[\s~≈(])(\d+(?:\.\d+)?)\s*(?:%|percent\b|$)/i;

/** Longer than any line of a log that counts parameters. */
const MAX_LENGTH = 2000;

/**
 * Reads what PEFT, transformers' Trainer, Unsloth or MLX print, or one or two numbers; undefined for anything else.
 *
 * Example: readPrint("Number of trainable parameters = 705,024")?.trainable.value // 705024
 */
export function readPrint(text: string): Printed | undefined {
  const line = text.slice(0, MAX_LENGTH);
  for (const pattern of LINES) {
    const found = pattern.exec(line);
    if (found === null) continue;
    const [, trainable, trainableUnit, all, allUnit] = found;
    return {
      ...(trainable === undefined ? {} : { trainable: figure(trainable, trainableUnit) }),
      ...(all === undefined ? {} : { all: figure(all, allUnit) }),
    };
  }
  const percent = PERCENT.exec(line)?.[1];
  return percent === undefined ? undefined : { percent: figure(percent, undefined, true) };
}

function figure(digits: string, unit: string | undefined, isRounded = false): Figure {
  const plain = digits.replace(/[,_]/g, "");
  const scale = UNITS[unit?.toLowerCase() ?? ""] ?? 1;
  const decimals = plain.split(".")[1]?.length ?? 0;
  const isExact = scale === 1 && decimals === 0 && !isRounded;
  return {
    value: Number(plain) * scale,
    tolerance: isExact ? 0 : (0.5 * scale) / 10 ** decimals,
  };
}

export function fits({ value, tolerance }: Figure, count: number): boolean {
  return Math.abs(value - count) <= tolerance;
}
