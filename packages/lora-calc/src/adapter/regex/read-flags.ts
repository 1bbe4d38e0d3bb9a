/** The letters of `(?aimsux)` and `(?im-s:…)`. */

import type { Reader } from "./reader.js";
import type { Flags } from "./syntax.js";
import { PatternError } from "./syntax.js";

const SWITCHES: Readonly<Record<string, Partial<Flags>>> = {
  i: { ignoreCase: true },
  m: { multiline: true },
  s: { dotAll: true },
  x: { verbose: true },
  a: { ascii: true },
  u: { ascii: false },
};

export interface FlagsRead {
  readonly flags: Flags;
  /** `(?i)` holds for the whole pattern, `(?i:…)` for the group that follows. */
  readonly isGlobal: boolean;
}

/** Reads from behind `(?` up to and including `:` or `)`. */
export function readFlags(reader: Reader, flags: Flags): FlagsRead {
  const [text, on = "", minus, off = "", end] =
    reader.match(/([A-Za-z]*)(-?)([A-Za-z]*)([:)]?)/y) ?? [];
  const first = `${on}${minus ?? ""}`;
  if (text === undefined || first === "" || !/^[aiLmsux-]/.test(first)) {
    throw new PatternError(`unknown extension ?${reader.peek()}`);
  }
  const unknown = /[^aiLmsux]/.exec(on + off);
  if (unknown !== null) throw new PatternError("unknown flag");
  if (on.includes("L")) {
    throw new PatternError("bad inline flags: cannot use 'L' flag with a str pattern");
  }
  if (on.includes("a") && on.includes("u")) {
    throw new PatternError("bad inline flags: flags 'a', 'u' and 'L' are incompatible");
  }
  if (minus === "-" && off === "") throw new PatternError("missing flag");
  if (/[auL]/.test(off)) {
    throw new PatternError("bad inline flags: cannot turn off flags 'a', 'u' and 'L'");
  }
  if (Array.from(off).some((letter) => on.includes(letter))) {
    throw new PatternError("bad inline flags: flag turned on and off");
  }
  if (end === "") throw new PatternError("missing -, : or )");
  if (end === ")" && minus === "-") throw new PatternError("missing :");
  reader.takeMatch(/[A-Za-z-]*[:)]/y);
  return { flags: switched(flags, on, off), isGlobal: end === ")" };
}

function switched(flags: Flags, on: string, off: string): Flags {
  const changes = Array.from(on, (letter) => SWITCHES[letter]);
  const backs = Array.from(off, (letter) =>
    Object.fromEntries(Object.keys(SWITCHES[letter] ?? {}).map((name) => [name, false])),
  );
  return Object.assign({}, flags, ...changes, ...backs) as Flags;
}
