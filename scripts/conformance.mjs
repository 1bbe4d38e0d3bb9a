// npm run conformance: asks the judges (real PEFT and transformers in Python) and compares. Needs conformance/.venv, or a
// Python named by LORA_CALC_PYTHON, with conformance/requirements.txt installed.

import { existsSync } from "node:fs";
import { ROOT, runOrStop } from "./run.mjs";

const python = process.env.LORA_CALC_PYTHON ?? `${ROOT}conformance/.venv/bin/python`;
if (!existsSync(python)) {
  console.error("The judges need Python with PEFT and transformers:");
  console.error("  python3 -m venv conformance/.venv");
  console.error("  conformance/.venv/bin/pip install -r conformance/requirements.txt");
  process.exit(1);
}

runOrStop(python, ["-m", "pytest", "-q", "conformance/tests"]);
