/** All blueprints by model_type. */

import type { Blueprint } from "../tree/blueprint.js";
import { albert } from "./albert.js";
import { apertus } from "./apertus.js";
import { arcee } from "./arcee.js";
import { bart, m2m100, marian, mbart, pegasus } from "./bart.js";
import { bert } from "./bert.js";
import { blip2 } from "./blip-2.js";
import { bloom } from "./bloom.js";
import { clip, siglip } from "./clip.js";
import { cohere, cohere2 } from "./cohere.js";
import { debertaV2 } from "./deberta-v2.js";
import {
  deepseekV2,
  deepseekV3,
  deepseekV32,
  glm4MoeLite,
  glmMoeDsa,
  mistral4,
} from "./deepseek.js";
import { deepseekV4 } from "./deepseek-v4.js";
import { dinov2 } from "./dinov2.js";
import { distilbert } from "./distilbert.js";
import { electra } from "./electra.js";
import { ernie45Moe } from "./ernie4-5-moe.js";
import { ernie45 } from "./ernie4-5.js";
import { exaone4 } from "./exaone4.js";
import { falconH1 } from "./falcon-h1.js";
import { falcon } from "./falcon.js";
import { gemma } from "./gemma.js";
import { gemma2 } from "./gemma2.js";
import { gemma3Text } from "./gemma3-text.js";
import { gemma3 } from "./gemma3.js";
import { gemma3nText } from "./gemma3n-text.js";
import { gemma3n } from "./gemma3n.js";
import { gemma4Unified } from "./gemma4-unified.js";
import { gemma4Text, gemma4UnifiedText } from "./gemma4-text.js";
import { gemma4 } from "./gemma4.js";
import { glm, glm4 } from "./glm.js";
import { dots1, glm4Moe } from "./glm4-moe.js";
import { gptBigcode } from "./gpt-bigcode.js";
import { gptNeo } from "./gpt-neo.js";
import { gptNeox } from "./gpt-neox.js";
import { gptOss } from "./gpt-oss.js";
import { gpt2 } from "./gpt2.js";
import { codegen, gptj } from "./gptj.js";
import { granite } from "./granite.js";
import { granitemoe } from "./granitemoe.js";
import { granitemoehybrid } from "./granitemoehybrid.js";
import { helium } from "./helium.js";
import { hyV3 } from "./hy-v3.js";
import { laguna } from "./laguna.js";
import { mimoV2Flash } from "./mimo-v2-flash.js";
import { idefics3, smolvlm } from "./idefics3.js";
import { lfm2, lfm2Moe } from "./lfm2.js";
import { llama4, llama4Text } from "./llama4.js";
import { llama } from "./llama.js";
import { llava, mistral3, paligemma } from "./llava.js";
import { mamba, mamba2 } from "./mamba.js";
import { minimaxM2 } from "./minimax-m2.js";
import { minimax } from "./minimax.js";
import { ministral3 } from "./ministral3.js";
import { mistral } from "./mistral.js";
import { mixtral } from "./mixtral.js";
import { mllama } from "./mllama.js";
import { modernbert } from "./modernbert.js";
import { mpt } from "./mpt.js";
import { nemotronH } from "./nemotron-h.js";
import { nemotron } from "./nemotron.js";
import { olmoHybrid } from "./olmo-hybrid.js";
import { olmo } from "./olmo.js";
import { olmo2 } from "./olmo2.js";
import { olmo3 } from "./olmo3.js";
import { olmoe } from "./olmoe.js";
import { opt } from "./opt.js";
import { baichuan } from "./own-code/baichuan.js";
import { chatglm } from "./own-code/chatglm.js";
import { internlm2 } from "./own-code/internlm2.js";
import { qwen } from "./own-code/qwen.js";
import { phi } from "./phi.js";
import { phi3 } from "./phi3.js";
import { phimoe } from "./phimoe.js";
import { qwen2Moe, qwen3Moe } from "./qwen-moe.js";
import { qwen25Vl, qwen2Vl } from "./qwen-vl.js";
import { qwen2 } from "./qwen2.js";
import { qwen35, qwen35Moe, qwen35MoeText, qwen35Text } from "./qwen3-5.js";
import { qwen3Next } from "./qwen3-next.js";
import { qwen3Vl, qwen3VlMoe } from "./qwen3-vl.js";
import { qwen3 } from "./qwen3.js";
import { camembert, roberta, xlmRoberta } from "./roberta.js";
import { seedOss } from "./seed-oss.js";
import { smollm3 } from "./smollm3.js";
import { stablelm } from "./stablelm.js";
import { starcoder2 } from "./starcoder2.js";
import { swin } from "./swin.js";
import { mt5, t5 } from "./t5.js";
import { vit } from "./vit.js";
import { wav2vec2 } from "./wav2vec2.js";
import { whisper } from "./whisper.js";

/** Classes that lie in their repositories. */
const OWN_CODE: readonly Blueprint[] = [baichuan, chatglm, internlm2, qwen];

const BLUEPRINTS: readonly Blueprint[] = [
  ...OWN_CODE,
  apertus,
  arcee,
  bloom,
  cohere,
  cohere2,
  ernie45,
  exaone4,
  falcon,
  gemma,
  gemma2,
  gemma3Text,
  glm,
  glm4,
  gpt2,
  gptNeox,
  gptOss,
  granite,
  helium,
  hyV3,
  laguna,
  mimoV2Flash,
  llama,
  ministral3,
  mistral,
  mixtral,
  nemotron,
  olmo,
  olmo2,
  olmo3,
  olmoe,
  olmoHybrid,
  phi,
  phi3,
  qwen2,
  qwen2Moe,
  qwen3,
  qwen3Moe,
  seedOss,
  smollm3,
  stablelm,
  starcoder2,
  deepseekV2,
  deepseekV3,
  dots1,
  ernie45Moe,
  glm4Moe,
  granitemoe,
  phimoe,
  codegen,
  gptBigcode,
  gptj,
  gptNeo,
  mpt,
  opt,
  albert,
  bert,
  camembert,
  debertaV2,
  distilbert,
  electra,
  modernbert,
  roberta,
  xlmRoberta,
  bart,
  m2m100,
  marian,
  mbart,
  mt5,
  pegasus,
  t5,
  whisper,
  gemma3,
  qwen2Vl,
  qwen25Vl,
  qwen3Vl,
  blip2,
  clip,
  dinov2,
  siglip,
  swin,
  vit,
  wav2vec2,
  gemma3n,
  gemma3nText,
  gemma4,
  gemma4Text,
  gemma4Unified,
  gemma4UnifiedText,
  deepseekV32,
  deepseekV4,
  glm4MoeLite,
  glmMoeDsa,
  lfm2,
  lfm2Moe,
  minimax,
  mistral4,
  minimaxM2,
  falconH1,
  granitemoehybrid,
  llama4,
  llama4Text,
  mamba,
  mamba2,
  mllama,
  nemotronH,
  idefics3,
  llava,
  mistral3,
  paligemma,
  qwen35,
  qwen35Moe,
  qwen35MoeText,
  qwen35Text,
  qwen3Next,
  qwen3VlMoe,
  smolvlm,
];

const BY_MODEL_TYPE: ReadonlyMap<string, Blueprint> = new Map(
  BLUEPRINTS.map((blueprint) => [blueprint.modelType, blueprint]),
);

/** Blueprint of a model_type, if there is one. */
export function blueprintOf(modelType: string): Blueprint | undefined {
  return BY_MODEL_TYPE.get(modelType);
}

/** Every model_type with a blueprint, sorted. */
export function modelTypes(): readonly string[] {
  return [...BY_MODEL_TYPE.keys()].sort();
}
