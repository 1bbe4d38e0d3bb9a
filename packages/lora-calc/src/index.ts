/** The public names of lora-calc. */

export { floorOf, peaksOf, reservedOf } from "./exchange/peaks.js";
export type {
  BeyondName,
  Certainty,
  EventName,
  LeverId,
  LoopName,
  PartName,
  PhaseName,
  SettingName,
  Verdict,
} from "./fields/result-names.js";
export { isRefusal } from "./result.js";
export type {
  Assumed,
  Estimate,
  Fit,
  Lever,
  MemoryFloor,
  MemoryPart,
  BesideProcess,
  Limit,
  MemoryResult,
  ModuleRow,
  RankMemory,
  ResultVersions,
  StepTime,
  ParameterCounts,
  Refusal,
  Result,
  TimelinePoint,
} from "./result.js";
export type {
  AdapterFields,
  HardwareFields,
  ModelFields,
  QuantizationFields,
  Scenario,
  TrainingFields,
  VersionFields,
} from "./scenario.js";

export { advise, applyLever } from "./advise.js";
export type { Advice, Ladder } from "./advise.js";
export type { Raise } from "./advice/advise.js";
export { auditAdapter } from "./audit/audit-adapter.js";
export type { Audit, AuditResult } from "./audit/audit.js";
export type { AdapterFiles } from "./audit/audit-adapter.js";
export { auditSentence } from "./audit/sentence.js";
export type { FileFacts } from "./audit/describe-file.js";
export { explainPrint } from "./audit/prints/explain-print.js";
export type { PrintExplanation, PrintReason, PrintResult } from "./audit/prints/explain-print.js";
export { READING_CODES } from "./audit/prints/readings.js";
export { FINDING_CODES } from "./audit/findings.js";
export type { Finding, FindingCode, FindingLevel } from "./audit/findings.js";
export { estimate } from "./estimate.js";
export type { EstimateOptions } from "./estimate.js";
export { describeExperts } from "./describe-experts.js";
export type { ExpertsDescription, ExpertsResult, ExpertTensor } from "./describe-experts.js";
export { compareStacks } from "./compare-stacks.js";
export type { StackChange, StackComparison, UnderStack } from "./compare-stacks.js";
export { EIGHT_CARDS, onCards } from "./on-cards.js";
export type { OnCard } from "./on-cards.js";
export { fitsAlong, withShape } from "./fit-map.js";
export type { FitCell } from "./fit-map.js";
export { mendsOf } from "./mend.js";
export type { Mend } from "./mend.js";
export { limits } from "./limits.js";
export type { Limits, LimitsResult } from "./limits.js";
export { listMethods, methodFacts } from "./adapter/plan-adapter.js";
export type { MethodConfig, MethodFacts } from "./adapter/plan/method-facts.js";
export { nearestWorld } from "./nearest-world.js";
export { listLaunchers, pinText } from "./stacks/launchers.js";
export type { Launcher } from "./stacks/launchers.js";
export {
  findStackId,
  listMovedStacks,
  listStacks,
  neighbourOf,
  USUAL_STACK,
} from "./stacks/stacks.js";
export type { StackProfile } from "./stacks/profile.js";
export type { StackId } from "./stacks/stacks.js";
export type { CardFamily } from "./catalogue/gpus.js";
export { listWorlds } from "./worlds/index.js";
export type { World } from "./worlds/world.js";
export { familyOf, findGpu, listGpus } from "./catalogue/gpus.js";
export {
  findModel,
  knownModel,
  listModels,
  packedModel,
  unknownModel,
} from "./catalogue/models.js";
export { repositoryOfAddress, searchNames } from "./catalogue/search.js";
export { findRecipe, listRecipes } from "./catalogue/recipes.js";
export type { GpuRow, ModelRow, Provenance, RecipeRow } from "./catalogue/rows/row.js";

export { listFields } from "./exchange/list-fields.js";
export type { Field } from "./exchange/list-fields.js";
export type { Effect, FieldType, Owner, Unit } from "./fields/row.js";
export { asScenario } from "./exchange/as-scenario.js";
export { writeAdapterConfig } from "./exchange/adapter-config.js";
export { applyDocument } from "./exchange/apply-document.js";
export { compareEstimates } from "./exchange/comparison.js";
export type { ComparedFigure, FigureName } from "./exchange/comparison.js";
export { countHeadline } from "./exchange/count-headline.js";
export type { CountHeadline } from "./exchange/count-headline.js";
export type { LinkedRuns } from "./exchange/link.js";
export { decodeLink, decodeRuns, encodeLink, encodeRuns } from "./exchange/link.js";
export {
  taskClasses,
  withModel,
  withUsualTargets,
  withUsualTask,
} from "./exchange/choose-model.js";
export { withTask } from "./exchange/choose-task.js";
export { withAssumed } from "./exchange/with-assumed.js";
export { scoreMeasured, summarizeErrors } from "./exchange/measured-peaks.js";
export type { ErrorSummary, MeasuredPeaks, ScoredTier, Tier } from "./exchange/measured-peaks.js";
export { MEMORY_ROWS, memoryRows, STEP_ROWS, timelineRows } from "./exchange/memory-rows.js";
export type { MemoryRow, MemoryRowName, RowBytes, StepRowName } from "./exchange/memory-rows.js";
export { MAX_DEPTH, MAX_TEXT_BYTES, parseJson, rejectSize } from "./exchange/parse-json.js";
export { HEADER_LENGTH_BYTES, headerEnd, parseHeader } from "./exchange/safetensors-header.js";
export { writePeftPython } from "./exchange/peft-python.js";
export { writeCsv, writeMarkdown } from "./exchange/report.js";
export { verdictSentence, withArticle } from "./exchange/verdict.js";

export { PROBLEM_CODES, WARNING_CODES } from "./problem/codes.js";
export type { CodeFacts, ProblemCode, Warning, WarningCode } from "./problem/codes.js";
export { isObject, nearestName } from "./problem/fields.js";
export type { JsonObject } from "./problem/fields.js";
export { InputError, reject } from "./problem/problem.js";
export type { Problem } from "./problem/problem.js";

export {
  formatBytes,
  formatCount,
  formatFixed,
  formatGB,
  formatMagnitude,
  formatMiB,
  formatShare,
  formatSignedShare,
  formatTrainableLine,
} from "./units/format.js";
export { parseBytes } from "./units/parse.js";
export { VERSION } from "./version.js";
export { LAUNCH_ENGINES, writeLaunch } from "./write-launch.js";
export type { LaunchEngine } from "./launch/engines.js";
export { TRAINER_FILE_FORMATS, writeTrainerFile } from "./write-trainer-file.js";
export type { TrainerExport } from "./write-trainer-file.js";
export type { TrainerFileFormat } from "./writers/writers.js";
export { writeMeasure } from "./write-measure.js";
export type { MeasureScript } from "./write-measure.js";
export { calibrate } from "./calibrate.js";
export type { Calibration } from "./calibrate.js";
export { readTrainerFile } from "./formats/read-file.js";
export { auditRun } from "./audit-run.js";
export type { RunAudit } from "./audit-run.js";
export { readPythonScript } from "./formats/python/read-script.js";
export type { PythonCall, PythonNote, PythonScript, PythonValue } from "./formats/python/script.js";
export type { TrainerFile } from "./formats/read-file.js";
export type { Finding as FileFinding } from "./formats/format.js";
