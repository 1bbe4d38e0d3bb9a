/** Numbers as text. The only place that rounds; GiB is 2^30, MiB is 2^20, GB is 10^9, always labelled. */

export const KIB: number = 1024;
export const MIB: number = 1024 * KIB;
export const GIB: number = 1024 * MIB;

/**
 * Bytes in the largest binary unit that keeps the number at least 1.
 *
 * Example: formatBytes(8072204288) // "7.52 GiB"
 */
export function formatBytes(bytes: number): string {
  const size = Math.abs(bytes);
  if (size >= GIB) return `${(bytes / GIB).toFixed(2)} GiB`;
  if (size >= MIB) return `${(bytes / MIB).toFixed(1)} MiB`;
  if (size >= KIB) return `${(bytes / KIB).toFixed(1)} KiB`;
  return `${bytes} B`;
}

/** Bytes in MiB with one decimal, the unit of nvidia-smi. Example: formatMiB(8326180352) // "7,940.5 MiB" */
export function formatMiB(bytes: number): string {
  const [whole = "", decimal = ""] = (bytes / MIB).toFixed(1).split(".");
  return `${formatCount(Number(whole))}.${decimal} MiB`;
}

/** Bytes in decimal gigabytes, the unit on the box of a graphics card. Example: formatGB(8e9) // "8.00 GB" */
export function formatGB(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/** A share in percent with one decimal. Example: formatShare(0.6283) // "62.8 %" */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A share with its sign, in percent with one decimal. Example: formatSignedShare(-0.0437) // "−4.4 %" */
export function formatSignedShare(share: number): string {
  const text = formatShare(Math.abs(share));
  const isNothing = text === formatShare(0);
  return `${isNothing ? "" : share < 0 ? "−" : "+"}${text}`;
}

/** Whole number with thousands separators, as Python's `f"{n:,d}"`. Example: formatCount(4194304) // "4,194,304" */
export function formatCount(count: number): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * A count in thousands, millions or billions, four figures long. Unit: none, so `M` is 10^6 and `B` is 10^9.
 *
 * Example: formatMagnitude(41943040) // "41.94 M"
 */
export function formatMagnitude(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)} M`;
  if (count >= 1e4) return `${(count / 1e3).toFixed(1)} k`;
  return formatCount(count);
}

/**
 * `value` with `digits` decimals, rounded as Python rounds: exact ties go to the even digit
 * (JavaScript's toFixed rounds them up, so 0.03125 would differ in the fourth decimal).
 *
 * Example: formatFixed(0.03125, 4) // "0.0312"
 */
export function formatFixed(value: number, digits: number): string {
  const [whole = "", decimals = ""] = value.toFixed(60).split(".");
  const isTie = /^50*$/.test(decimals.slice(digits));
  if (!isTie) return value.toFixed(digits);
  const truncated = digits === 0 ? whole : `${whole}.${decimals.slice(0, digits)}`;
  const lastDigitIsEven = Number(truncated.at(-1)) % 2 === 0;
  return lastDigitIsEven ? truncated : value.toFixed(digits);
}

/**
 * The line that PEFT's `print_trainable_parameters` prints, to the character.
 *
 * Source: peft peft_model.py `print_trainable_parameters`.
 * Example: formatTrainableLine(16777216, 6755192832)
 *   // "trainable params: 16,777,216 || all params: 6,755,192,832 || trainable%: 0.2484"
 */
export function formatTrainableLine(trainable: number, all: number): string {
  const percent = formatFixed((100 * trainable) / all, 4);
  return `trainable params: ${formatCount(trainable)} || all params: ${formatCount(all)} || trainable%: ${percent}`;
}
