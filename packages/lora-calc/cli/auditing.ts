/** The command that checks what people have: a published adapter, a trainer's file, a script. */

import type { Command } from "commander";
import type { Finish, Options, OutputOf } from "./command-parts.js";

export function addAudit(program: Command, outputOf: OutputOf, finish: Finish): void {
  const command: Command = program
    .command("audit")
    .summary("check a published adapter, or the file of a trainer")
    .description(
      "Reads adapter_config.json and the header of adapter_model.safetensors; 2 where PEFT could not load them. Or the YAML or JSON of a trainer; 2 where it would stop, or train what is not meant.",
    )
    .argument(
      "<source>",
      "adapter: its name on the Hub, its folder, or one of its files; or a trainer's file, a training script, a notebook",
    )
    .option(
      "--base <model>",
      "base model: id, config.json or safetensors (else what the file names)",
    )
    .option("--json", "counts, file and findings as JSON")
    .option("--sarif", "findings on a trainer's file as SARIF, for code hosts");
  command.action(async (source: string) => {
    const { base, ...options }: Options = command.optsWithGlobals();
    const asked = {
      ...{ json: options["json"] === true, sarif: options["sarif"] === true },
      ...(typeof base === "string" ? { base } : {}),
    };
    const { runAudit } = await import("./commands/audit.js");
    finish(await runAudit(source, asked, outputOf(options)));
  });
}
