#!/usr/bin/env node
/** Entry of the command line: runs the program and turns every end into an exit code. */

import { CommanderError } from "commander";
import { InputError } from "lora-calc";
import type { Problem } from "lora-calc";
import { refuse } from "./commands/answers.js";
import { EXIT } from "./exit-codes.js";
import { standardOutput } from "./output.js";
import { buildProgram } from "./program.js";

/** Flags as other tools spell them: --per_device_train_batch_size is --per-device-train-batch-size. */
function withHyphens(argument: string): string {
  const [name = "", ...value] = argument.split("=");
  return name.startsWith("--") ? [name.replaceAll("_", "-"), ...value].join("=") : argument;
}

async function main(args: readonly string[]): Promise<void> {
  const program = buildProgram(standardOutput, (code) => {
    process.exitCode = code;
  });
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    await program.parseAsync(args.map(withHyphens), { from: "user" });
  } catch (error) {
    process.exitCode = await exitCodeFor(error, args);
  }
}

async function exitCodeFor(error: unknown, args: readonly string[]): Promise<number> {
  const output = standardOutput(!args.includes("--no-color"));
  const asJson = args.includes("--json");
  if (error instanceof InputError) return refuse(error.problem, asJson, output);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    return asJson ? refuse(usageProblem(error), asJson, output) : EXIT.badInput;
  }
  const detail =
    error instanceof Error ? (process.env["LORA_CALC_DEBUG"] ? error.stack : error.message) : error;
  output.talk(
    `lora-calc has a bug: ${String(detail)}\nPlease report it with the command; LORA_CALC_DEBUG=1 shows where.`,
  );
  return EXIT.bug;
}

/** commander has told the reader already; a program gets the same as JSON. */
function usageProblem({ message }: CommanderError): Problem {
  return { code: "invalid_value", path: "", message: message.replace(/^error: /, "") };
}

/** A reader that closes the pipe early (head) has what it wanted. */
process.stdout.on("error", (error: Error & { readonly code?: string }) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(process.exitCode ?? EXIT.ok);
});

await main(process.argv.slice(2));
