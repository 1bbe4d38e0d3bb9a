/** A command line in this process, with its output caught. */

import { InputError } from "lora-calc";
import type { Output } from "../../cli/output.js";
import { buildProgram } from "../../cli/program.js";
import { PLAIN } from "../../cli/render/style.js";

export interface Caught {
  readonly code: number | undefined;
  readonly result: string;
  readonly talk: string;
}

/** Runs a command line; the Problem of a refused input counts as talk, as in main.ts. */
export async function run(...args: readonly string[]): Promise<Caught> {
  const caught = { code: undefined as number | undefined, result: "", talk: "" };
  const program = buildProgram(
    () => catchInto(caught),
    (code) => (caught.code = code),
  );
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: (text) => (caught.talk += text) });
  }
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    caught.talk += error instanceof Error ? error.message : "";
    caught.code = error instanceof InputError ? 2 : undefined;
  }
  return caught;
}

export function catchInto(caught: { result: string; talk: string }): Output {
  return {
    result: (text) => {
      caught.result += text;
      return Promise.resolve();
    },
    talk: (text) => (caught.talk += text),
    style: PLAIN,
    offline: true,
  };
}
