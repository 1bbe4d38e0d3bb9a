/** The commands that measure a run on the reader's card, and compare what was found. */

import type { Command } from "commander";
import type { Finish, Options, OutputOf } from "./command-parts.js";
import { addScenarioFlags, flagValues } from "./input/scenario-options.js";

export function addMeasuring(program: Command, outputOf: OutputOf, finish: Finish): void {
  const measure: Command = program
    .command("measure")
    .summary("write a script that measures the run on your card")
    .description(
      "Python for the machine with the card: two steps of the run under TRL on weights that are all zero, which are neither downloaded nor stored. It writes result.json.",
    )
    .argument("<source>", "as for estimate");
  addScenarioFlags(measure);
  measure.action(async (source: string) => {
    const options: Options = measure.optsWithGlobals();
    const { runMeasure } = await import("./commands/measure.js");
    finish(await runMeasure(source, flagValues(options), outputOf(options)));
  });
  const calibrate: Command = program
    .command("calibrate")
    .summary("compare what measure.py found with the estimate")
    .argument("<result>", "result.json of measure.py, or - for standard input")
    .option("--json", "tiers, context and the calibrated scenario as JSON");
  calibrate.action(async (source: string) => {
    const options: Options = calibrate.optsWithGlobals();
    const { runCalibrate } = await import("./commands/measure.js");
    finish(await runCalibrate(source, options["json"] === true, outputOf(options)));
  });
}
