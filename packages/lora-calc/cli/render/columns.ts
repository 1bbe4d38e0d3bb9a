/** Aligned text for 80 columns. */

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
    Math.max(0, ...rows.map((row) => (row[index] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return columns[index]?.align === "right" ? cell.padStart(width) : cell.padEnd(width);
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
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
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
