/** Where a command writes: results on stdout, talk on stderr. */

import { once } from "node:events";
import { ANSI, PLAIN } from "./render/style.js";
import type { Style } from "./render/style.js";

export interface Output {
  /** Writes a result; resolves when the reader can take more. */
  readonly result: (text: string) => Promise<void>;
  readonly talk: (text: string) => void;
  readonly style: Style;
  /** Nothing may be asked of the network. */
  readonly offline: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Colour on a terminal unless it is switched off (no-color.org), or where FORCE_COLOR asks for it. */
export function hasColor(
  isTerminal: boolean,
  wantsColor: boolean,
  environment: Environment,
): boolean {
  if (!wantsColor || (environment["NO_COLOR"] ?? "") !== "" || environment["TERM"] === "dumb")
    return false;
  return isTerminal || (environment["FORCE_COLOR"] ?? "") !== "";
}

export function standardOutput(wantsColor: boolean, offline = false): Output {
  const color = hasColor(process.stdout.isTTY, wantsColor, process.env);
  return {
    result: async (text) => {
      if (!process.stdout.write(text)) await once(process.stdout, "drain");
    },
    talk: (text) => {
      process.stderr.write(`${text}\n`);
    },
    style: color ? ANSI : PLAIN,
    offline,
  };
}
