/** Texts that others wrote, made safe for one line of a terminal. */

const MAX_VALUE_LENGTH = 60;
/** Controls (escape sequences among them), direction marks, line separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

export function oneLine(text: string): string {
  return text.replace(UNSEEN, " ");
}

/** A value of a scenario, shortened. Example: shortValue(["none", "all"]) // "none, all" */
export function shortValue(value: unknown): string {
  const isListOfTexts = Array.isArray(value) && value.every((item) => typeof item === "string");
  const json = (): string => JSON.stringify(value) ?? "nothing";
  const line = oneLine(
    isListOfTexts ? value.join(", ") : typeof value === "string" ? value : json(),
  );
  return line.length <= MAX_VALUE_LENGTH ? line : `${line.slice(0, MAX_VALUE_LENGTH - 1)}…`;
}
