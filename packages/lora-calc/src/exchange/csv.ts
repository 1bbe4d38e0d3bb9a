/** Rows as CSV (RFC 4180) that a spreadsheet opens as data. */

/** First characters that make a spreadsheet run a cell as a formula. */
const STARTS_FORMULA = /^[=+\-@\t\r]/;

/** Texts are quoted when they must be; one that a spreadsheet would execute gets an apostrophe in front. */
export function csvText(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

function csvCell(cell: string | number): string {
  if (typeof cell === "number") return String(cell);
  const text = STARTS_FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
