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
    ENDS[limit.ends_by](formatCount(limit.value + limit.step)),
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

const ENDS: Readonly<Record<Limit["ends_by"], (next: string) => string>> = {
  card: (next) => `${next} does not fit`,
  model: (next) => `${next} is more than the model takes`,
  search: () => "more gains nothing",
};

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
