/** Runs on standard input, one per line; their files in one format, what starts them on an engine, or the scripts that measure them, on standard output. Run `npm run build` first. */

import { createInterface } from "node:readline";
import { LAUNCH_ENGINES, writeLaunch, writeMeasure, writeTrainerFile } from "../packages/lora-calc/dist/index.js";

const [format] = process.argv.slice(2);
for await (const line of createInterface({ input: process.stdin })) {
  const run = JSON.parse(line);
  const written =
    format === "measure"
      ? writeMeasure(run)
      : LAUNCH_ENGINES.includes(format)
        ? writeLaunch(run, format)
        : writeTrainerFile(run, format);
  process.stdout.write(`${JSON.stringify(written)}\n`);
}
