/** A task means a class of transformers: choosing one changes what is built, and with it every count. */

import type { Scenario } from "../scenario.js";
import { asScenario } from "./as-scenario.js";

/**
 * The scenario for another task: `adapter.task_type`, and the class that is built (from `taskClasses`). A task without a
 * class of its own changes the adapter only.
 */
export function withTask(
  scenario: Scenario,
  task: string,
  architecture: string | undefined,
): Scenario {
  const adapter = { ...scenario.adapter, task_type: task };
  if (architecture === undefined) return asScenario({ ...scenario, adapter });
  const { model } = scenario;
  const parts = typeof model === "string" ? { id: model } : model;
  return asScenario({ ...scenario, adapter, model: { ...parts, architecture } });
}
