/** Limits of a run in words. */

import { formatBytes, formatCount } from "lora-calc";
import type { Limit, Limits, SettingName } from "lora-calc";
import { renderCards } from "./advice.js";
import { alignColumns, wrap } from "./columns.js";
import type { Style } from "./style.js";

const LABELS: Readonly<Record<SettingName, string>> = {
  per_device_train_batch_size: "sequences per step",
  max_length: "tokens per sequence",
  r: "rank",
};
const NAMES = ["per_device_train_batch_size", "max_length", "r"] as const;

export function renderLimits(limits: Limits, style: Style): string {
  const found = NAMES.flatMap((name) => {
    const limit = limits[name];
    return limit === undefined ? [] : [{ name, limit }];
  });
  const rows = found.map(({ name, limit }) => [
    LABELS[name],
    limit.value === 0 ? "none" : formatCount(limit.value),
    `now ${formatCount(limit.now)}`,
    limit.process_peak === undefined ? "" : `${formatBytes(limit.process_peak)} at the peak`,
    endOf(name, limit),
  ]);
  const table = alignColumns(rows, [{}, { align: "right" }, {}, {}, {}]).map((line) => `  ${line}`);
  const islands = found.flatMap(({ name, limit }) =>
    limit.also_fits.length === 0
      ? []
      : [
          wrap(
            `Above that, ${LABELS[name]} of ${ranges(limit)} fit again: what PyTorch reserves does not grow evenly.`,
            "  ",
          ),
        ],
  );
  const cut =
    limits.left_out === 0
      ? []
      : [
          wrap(
            "What lies above a limit was not looked at to the end: this run costs too much to run that often.",
            "  ",
          ),
        ];
  return `${[
    style.strong(`The largest on ${limits.card}, each with all else as it is`),
    ...table,
    ...islands,
    ...cut,
    "",
    renderCards(limits.cards, style),
  ].join("\n")}\n`;
}

function endOf(name: SettingName, { value, step, ends_by: endsBy }: Limit): string {
  const next = formatCount(value + step);
  switch (endsBy) {
    case "card":
      return `${next} does not fit`;
    case "model":
      return `${next} is more than the model takes or is computed`;
    case "search":
      return name === "r" ? "more gains nothing" : "more is not looked at";
  }
}

/** Values one step apart in words: "13, 15 to 17". */
function ranges({ also_fits: values, step }: Limit): string {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.[1] === value - step) last[1] = value;
    else runs.push([value, value]);
  }
  return runs
    .map(([from, to]) =>
      from === to ? formatCount(from) : `${formatCount(from)} to ${formatCount(to)}`,
    )
    .join(", ");
}
