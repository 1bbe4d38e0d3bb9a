/** Aligned text for 80 columns of a terminal, in which a Chinese character takes two. */

import widthOf from "fast-string-width";

const WIDTH = 80;

export interface Column {
  readonly align?: "left" | "right";
}

/** Rows as lines, every cell padded to the widest of its column; two spaces between columns. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  columns: readonly Column[],
): readonly string[] {
  const widths = columns.map((_, index) =>
    Math.max(0, ...rows.map((row) => widthOf(row[index] ?? ""))),
  );
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const space = " ".repeat(Math.max(0, (widths[index] ?? 0) - widthOf(cell)));
        return columns[index]?.align === "right" ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd(),
  );
}

/** Words of `text` in lines of at most 80 characters: `first` before the first line, `next` before every other. */
export function wrap(text: string, first = "", next = first): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(" ").filter((part) => part !== "")) {
    if (!isEmpty && widthOf(line) + 1 + widthOf(word) > WIDTH) {
      lines.push(line);
      line = next;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join("\n");
}

/** A bar of `width` characters of which the first `share` (0 to 1) are filled. */
export function bar(share: number, width: number): string {
  const filled = Math.min(width, Math.max(0, Math.round(share * width)));
  return "█".repeat(filled) + "░".repeat(width - filled);
}
