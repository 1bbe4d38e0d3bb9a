/** A difference with its sign, as both runs' figures are written; nothing where one of them is not known or nothing differs. */
export function signed(
  before: number | undefined,
  now: number | undefined,
  text: (value: number) => string,
): string {
  if (before === undefined || now === undefined || before === now) return "";
  return `${now > before ? "+" : "−"}${text(Math.abs(now - before))}`;
}

/** A size that may be negative, with the sign that belongs to numbers. */
export function withMinus(text: string): string {
  return text.replace("-", "−");
}
