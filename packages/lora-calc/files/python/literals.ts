/** Python's numbers and texts as values. */

const PREFIX = /^([a-zA-Z]*)("""|'''|"|')/;

/** The value of a string literal; undefined for bytes. */
export function stringValue(literal: string): string | undefined {
  const [head = "", prefix = "", quote = ""] = PREFIX.exec(literal) ?? [];
  if (/b/i.test(prefix)) return undefined;
  const body = literal.slice(head.length, literal.length - quote.length);
  return /r/i.test(prefix) ? body : unescaped(body);
}

const SIMPLE: Readonly<Record<string, string>> = {
  ...{ n: "\n", t: "\t", r: "\r", a: "\u0007", b: "\b", f: "\f", v: "\v", "\n": "" },
  ...{ "\\": "\\", "'": "'", '"': '"' },
};

/** Source: Python's lexical analysis, escape sequences; one that it does not know stays as it is. */
function unescaped(body: string): string {
  return body.replaceAll(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole: string, ...groups: readonly (string | undefined)[]) => {
      const [two, four, eight, octal, letter = ""] = groups;
      const hex = two ?? four ?? eight;
      if (hex !== undefined) return characterOf(parseInt(hex, 16), whole);
      if (octal !== undefined) return characterOf(parseInt(octal, 8), whole);
      return SIMPLE[letter] ?? whole;
    },
  );
}

function characterOf(code: number, whole: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

/** Undefined for an imaginary number, and for one that no double holds. */
export function numberValue(literal: string): number | undefined {
  const value = Number(literal.replaceAll("_", ""));
  return Number.isFinite(value) ? value : undefined;
}
