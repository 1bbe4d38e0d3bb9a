/** Texts that others wrote, made safe for one line of a terminal. */

const MAX_VALUE_LENGTH = 60;
/** Controls (escape sequences among them), direction marks, line separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

export function oneLine(text: string): string {
  return text.replace(UNSEEN, " ");
}

/** A value of a scenario, shortened. Example: shortValue(["none", "all"]) // "none, all" */
export function shortValue(value: unknown): string {
  const line = oneLine(valueText(value));
  return line.length <= MAX_VALUE_LENGTH ? line : `${line.slice(0, MAX_VALUE_LENGTH - 1)}…`;
}

function valueText(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return value;
  const isListOfTexts = Array.isArray(value) && value.every((item) => typeof item === "string");
  return isListOfTexts ? value.join(", ") : JSON.stringify(value);
}

/** Whose file it is. Example: "transformers" is "transformers'", "TRL" "TRL's" */
export function ofTrainer(name: string): string {
  return name.endsWith("s") ? `${name}'` : `${name}'s`;
}
