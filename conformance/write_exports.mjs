/** Runs on standard input, one per line; their files in one format on standard output. Run `npm run build` first. */

import { createInterface } from "node:readline";
import { writeTrainerFile } from "../packages/lora-calc/dist/index.js";

const [format] = process.argv.slice(2);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(writeTrainerFile(JSON.parse(line), format))}\n`);
}
