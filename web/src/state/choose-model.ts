/** Knows the catalogue, which the first view does without: loaded when a model is chosen. */

export { withModel } from "lora-calc";
