/** The public names of lora-calc/files: what lies on a disk, read for the library. Needs Node. */

export { readAdapter } from "./read-adapter.js";
export type { AdapterOnDisk } from "./read-adapter.js";
export { readPython } from "./python/read-python.js";
export type { PythonSource } from "./python/read-python.js";
export { readDocument } from "./read-document.js";
export type { SourceDocument } from "./read-document.js";
export { resolveAdapter, resolveModel } from "./resolve-model.js";
export type { ResolvedModel, ResolveOptions } from "./resolve-model.js";
export { readHeader, readSafetensors } from "./read-safetensors.js";
export type { HeaderOfFile, ModelOfHeaders } from "./read-safetensors.js";
