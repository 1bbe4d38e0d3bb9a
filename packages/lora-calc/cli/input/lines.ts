/** Splits a byte stream into lines without holding more than one. */

const NEWLINE = 10;

export interface Line {
  /** Without its line end; empty when the line is longer than the limit. */
  readonly text: string;
  readonly bytes: number;
}

/** Lines of `input`; a line above `limit` bytes is counted, dropped and yielded empty. The last line needs no line end. */
export async function* linesOf(input: AsyncIterable<unknown>, limit: number): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const take = (part: Uint8Array): void => {
    bytes += part.length;
    if (bytes <= limit) parts.push(part);
  };
  const finish = (): Line => {
    const text = bytes > limit ? "" : Buffer.concat(parts).toString("utf8").replace(/\r$/, "");
    const line = { text, bytes };
    parts = [];
    bytes = 0;
    return line;
  };
  for await (const chunk of input) {
    let rest: Uint8Array =
      typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk as Uint8Array);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      take(rest.subarray(0, end));
      yield finish();
      rest = rest.subarray(end + 1);
    }
    take(rest);
  }
  if (bytes > 0) yield finish();
}
