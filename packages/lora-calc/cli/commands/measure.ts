/** `lora-calc measure`: a script that measures the run on the reader's card. `lora-calc calibrate`: what it found, beside the estimate. */

import { calibrate, isRefusal, writeMeasure } from "lora-calc";
import { readDocument } from "lora-calc/files";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readFlagged } from "../input/read-flagged.js";
import type { Output } from "../output.js";
import { renderCalibration } from "../render/calibration.js";
import { refuse } from "./answers.js";

export async function runMeasure(
  source: string,
  flags: FlagValues,
  output: Output,
): Promise<ExitCode> {
  const scenario = await readFlagged(source, flags, output);
  const script = writeMeasure(scenario);
  if (isRefusal(script)) return refuse(script.error, false, output);
  await output.result(script.text);
  output.talk("Run it where the card is: python measure.py, then lora-calc calibrate result.json");
  return EXIT.ok;
}

export async function runCalibrate(
  source: string,
  isJson: boolean,
  output: Output,
): Promise<ExitCode> {
  const { value } = await readDocument(source);
  const found = calibrate(value);
  if (isRefusal(found)) return refuse(found.error, isJson, output);
  await output.result(
    isJson ? `${JSON.stringify(found, null, 2)}\n` : renderCalibration(found, output.style),
  );
  return EXIT.ok;
}
