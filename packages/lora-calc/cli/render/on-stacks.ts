/** One configuration under two stacks: the peaks, and each difference with its bytes and its reason. */

import { formatBytes } from "lora-calc";
import type { StackChange, StackComparison, UnderStack } from "lora-calc";
import { alignColumns } from "./columns.js";
import type { Style } from "./style.js";

const RIGHT = { align: "right" } as const;

export function renderOnStacks({ from, to, changes }: StackComparison, style: Style): string {
  const [title = "", ...peaks] = alignColumns(
    [
      ["", from.stack, to.stack, "difference"],
      peakRow("allocated", from.allocated_peak, to.allocated_peak),
      peakRow("process", from.process_peak, to.process_peak),
    ],
    [{}, RIGHT, RIGHT, RIGHT],
  );
  const why = changes.length === 0 ? whyNone(to) : alignColumns(changes.map(changeRow), [RIGHT]);
  return `${[style.strong(title), ...peaks, "", ...why].join("\n")}\n`;
}

function peakRow(name: string, from: number | undefined, to: number | undefined): string[] {
  return [
    name,
    bytesText(from),
    bytesText(to),
    from === undefined || to === undefined ? "–" : signed(to - from),
  ];
}

function bytesText(bytes: number | undefined): string {
  return bytes === undefined ? "–" : formatBytes(bytes);
}

function signed(bytes: number): string {
  if (bytes === 0) return "0";
  return `${bytes > 0 ? "+" : "−"}${formatBytes(Math.abs(bytes))}`;
}

function changeRow({ path, from, to, bytes, reason }: StackChange): string[] {
  return [signed(bytes), `${path}: ${String(from)} → ${String(to)}`, reason];
}

function whyNone({ name, problem }: UnderStack): readonly string[] {
  return [
    problem === undefined ? "no memory to compare" : `refused under ${name}: ${problem.message}`,
  ];
}
