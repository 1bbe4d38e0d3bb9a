/** The public names of lora-calc/teach: lessons, sums, questions and small experiments about a run. */

export { modelSizes } from "./teach/facts/model-sizes.js";
export type { ModelSizes } from "./teach/facts/model-sizes.js";
export { rankSum, tokenSum } from "./teach/facts/sums.js";
export type { RankLine, RankSum, TokenSum } from "./teach/facts/sums.js";
export { targetChoices } from "./teach/facts/target-choices.js";
export type { TargetChoice } from "./teach/facts/target-choices.js";

export type { Matrix } from "./teach/algebra/matrix.js";
export type { AdapterSettings } from "./teach/experiment/experiment.js";
export { EXPERIMENT_STEPS, TASK_RANK } from "./teach/experiment/plan.js";
export { trainBoth } from "./teach/experiment/train-both.js";
export type { Outcome, Progress } from "./teach/experiment/train-both.js";
export { layerFacts } from "./teach/facts/layer-facts.js";
export type { LayerFacts, LayerShape } from "./teach/facts/layer-facts.js";
export { lessonOf } from "./teach/facts/lesson.js";
export type { Lesson, LessonLayer } from "./teach/facts/lesson.js";
export type { LogitsFacts } from "./teach/facts/logits-facts.js";
export { factorsOf, studyRanks } from "./teach/low-rank/approximate.js";
export type { Factors, LowRankStudy } from "./teach/low-rank/approximate.js";
export { drawPicture, PICTURE_SIZE } from "./teach/low-rank/picture.js";
export type { MemoryFacts, MemoryShare, TrainedState } from "./teach/facts/memory-facts.js";
export { blockCosts } from "./teach/facts/module-costs.js";
export type { BlockCost } from "./teach/facts/module-costs.js";
export { percentFewer } from "./teach/facts/percent-fewer.js";
export { quizOf } from "./teach/quiz/quiz.js";
export type { AnyQuestion } from "./teach/quiz/quiz.js";
export { THEMES } from "./teach/quiz/question.js";
export type {
  Amount,
  AmountUnit,
  Mistake,
  Option,
  Question,
  Theme,
} from "./teach/quiz/question.js";
export type { QuestionFacts, QuestionId, StatementKey } from "./teach/quiz/question-facts.js";
export { scalingCurves } from "./teach/facts/scaling.js";
export type { ScalingRule } from "./teach/facts/scaling.js";
export { storageFacts } from "./teach/facts/storage-facts.js";
export type { StorageFacts, StorageName } from "./teach/facts/storage-facts.js";
