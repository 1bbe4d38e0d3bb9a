/** Where a command writes in a test. */

import type { Output } from "../../cli/output.js";
import { PLAIN } from "../../cli/render/style.js";

export interface Caught {
  readonly code: number;
  readonly text: string;
  readonly talk: string;
}

/** Runs a command and keeps what it writes. */
export async function caught(run: (output: Output) => Promise<number>): Promise<Caught> {
  let [text, talk] = ["", ""];
  const code = await run({
    result: (part) => {
      text += part;
      return Promise.resolve();
    },
    talk: (part) => {
      talk += part;
    },
    style: PLAIN,
    offline: true,
  });
  return { code, text, talk };
}
