/** The public names of lora-calc. */

export { isRefusal } from "./result.js";
export type {
  Assumed,
  Certainty,
  Estimate,
  Fit,
  Lever,
  MemoryPart,
  MemoryResult,
  ModuleRow,
  ParameterCounts,
  Refusal,
  Result,
  TimelinePoint,
} from "./result.js";
export type { Scenario } from "./scenario.js";

export { findGpu, listGpus } from "./catalogue/gpus.js";
export { findModel, listModels } from "./catalogue/models.js";
export { findRecipe, listRecipes } from "./catalogue/recipes.js";
export type { GpuRow, ModelRow, Provenance, RecipeRow } from "./catalogue/row.js";

export { writeAdapterConfig } from "./exchange/adapter-config.js";
export { decodeLink, encodeLink } from "./exchange/link.js";
export { MAX_DEPTH, MAX_TEXT_BYTES, parseJson, rejectSize } from "./exchange/parse-json.js";
export { writePeftPython } from "./exchange/peft-python.js";
export { writeCsv, writeMarkdown } from "./exchange/report.js";
export { verdictSentence, withArticle } from "./exchange/verdict.js";

export { PROBLEM_CODES } from "./problem/codes.js";
export type { CodeFacts, ProblemCode } from "./problem/codes.js";
export { isObject, nearestName } from "./problem/fields.js";
export type { JsonObject } from "./problem/fields.js";
export { InputError, reject } from "./problem/problem.js";
export type { Problem } from "./problem/problem.js";

export {
  formatBytes,
  formatCount,
  formatFixed,
  formatGB,
  formatTrainableLine,
} from "./units/format.js";
export { parseBytes } from "./units/parse.js";
export { VERSION } from "./version.js";
