/** The public names of lora-calc/hub: asks the Hugging Face Hub for what a count needs. Runs wherever there is `fetch`. */

export { lookUpAdapter, lookUpModel } from "./look-up.js";
export type { FoundAdapter, FoundModel, LookUpOptions } from "./look-up.js";
export { leanModel } from "./lean-model.js";
export { askedRepository } from "./asked-repository.js";
export type { AskedRepository } from "./asked-repository.js";
