/** Asks the Hub for a model, or for an adapter and the name of its base. */

import { isObject, reject } from "lora-calc";
import { askedRepository } from "./asked-repository.js";
import type { AskedRepository } from "./asked-repository.js";
import { readFileHeader, readWeightHeaders } from "./headers.js";
import type { FileHeader, Header } from "./headers.js";
import { readJson } from "./repository-file.js";
import type { JsonFile, Place } from "./repository-file.js";
import { openSession } from "./session.js";
import type { Session, SessionOptions } from "./session.js";

type Values = Readonly<Record<string, unknown>>;

export interface LookUpOptions extends SessionOptions {
  /** What is known of a commit already: it is not read again. */
  readonly known?: (repository: string, commit: string) => Promise<FoundModel | undefined>;
}

export interface FoundModel {
  readonly repository: string;
  /** Commit that was read; undefined where a mirror does not say it. */
  readonly commit: string | undefined;
  /** `scenario.model`. The configuration of a model; of an adapter that of its base is not here, but `base` names it. */
  readonly model: Readonly<{ id: string; config: Values; safetensors?: Header }> | undefined;
  /** The repository is an adapter: its configuration. */
  readonly adapter?: Values;
  /** Base of the adapter, as its configuration names it. */
  readonly base?: string;
  /** What a reader should know about what was read. */
  readonly talk: readonly string[];
}

const CONFIG = "config.json";
const ADAPTER_CONFIG = "adapter_config.json";

/**
 * config.json and the headers of the weights of a repository; of an adapter its configuration and the name of its base.
 *
 * Errors: InputError with network_error, rate_limited, access_denied, unknown_model, limit_exceeded, invalid_json,
 * unreadable_file.
 */
export async function lookUpModel(name: string, options: LookUpOptions = {}): Promise<FoundModel> {
  const session = openSession(options);
  const { repository, revision = "main" } = askedOf(name);
  session.progress(`asking ${session.endpoint.host} for ${repository}`);
  const place = { repository, revision };
  const config = await readJson(session, place, CONFIG);
  if (config === undefined) return adapterAt(session, place);
  const { commit } = config;
  const known = commit === undefined ? undefined : await options.known?.(repository, commit);
  if (known !== undefined) return known;
  const values = valuesOf(config, `${CONFIG} of ${repository}`);
  // The headers of the same commit, should somebody push in between.
  const { tensors, why } = await readWeightHeaders(session, {
    repository,
    revision: commit ?? revision,
  });
  return {
    repository,
    commit,
    model: {
      id: repository,
      config: values,
      ...(tensors === undefined ? {} : { safetensors: tensors }),
    },
    talk: why === undefined ? [] : [why],
  };
}

async function adapterAt(session: Session, place: Place): Promise<FoundModel> {
  const { repository } = place;
  const file = await readJson(session, place, ADAPTER_CONFIG);
  if (file === undefined) rejectContents(repository);
  const adapter = valuesOf(file, `${ADAPTER_CONFIG} of ${repository}`);
  const base = adapter["base_model_name_or_path"];
  return {
    repository,
    commit: file.commit,
    model: undefined,
    adapter,
    ...(typeof base === "string" ? { base } : {}),
    talk: [],
  };
}

export interface FoundAdapter extends Partial<FileHeader> {
  readonly repository: string;
  readonly config: Values;
  /** Name of the file of the tensors, if there is one. */
  readonly tensorsFile?: string;
}

/** PEFT's, then MLX's. */
const TENSORS = ["adapter_model.safetensors", "adapters.safetensors"];

/** A published adapter: its configuration, and the header of its tensors where they lie beside it. Errors as of lookUpModel. */
export async function lookUpAdapter(
  name: string,
  options: SessionOptions = {},
): Promise<FoundAdapter> {
  const session = openSession(options);
  const { repository, revision = "main" } = askedOf(name);
  session.progress(`asking ${session.endpoint.host} for ${repository}`);
  const file = await readJson(session, { repository, revision }, ADAPTER_CONFIG);
  if (file === undefined) {
    reject({
      code: "missing_field",
      path: "adapter",
      message: `${repository} has no ${ADAPTER_CONFIG}: it is no adapter of PEFT; lora-calc estimate ${repository} looks at it as a model`,
      received: repository,
      expected: ADAPTER_CONFIG,
    });
  }
  const config = valuesOf(file, `${ADAPTER_CONFIG} of ${repository}`);
  const place = { repository, revision: file.commit ?? revision };
  for (const tensorsFile of TENSORS) {
    const header = await readFileHeader(session, place, tensorsFile);
    if (header !== undefined) return { repository, config, tensorsFile, ...header };
  }
  return { repository, config };
}

function askedOf(name: string): AskedRepository {
  const asked = askedRepository(name);
  if (asked !== undefined) return asked;
  reject({
    code: "unknown_model",
    path: "model",
    message: `${name} is no name of a repository; those are owner/name, owner/name@revision, or an address on the Hub`,
    received: name,
    expected: "owner/name",
  });
}

function valuesOf({ value }: JsonFile, name: string): Values {
  if (isObject(value)) return value;
  reject({
    code: "invalid_type",
    path: "model",
    message: `${name} is not an object`,
    received: value,
    expected: "an object",
  });
}

function rejectContents(repository: string): never {
  reject({
    code: "unknown_model",
    path: "model",
    message: `${repository} has neither ${CONFIG} nor ${ADAPTER_CONFIG}: it is no model of transformers (files of GGUF, ONNX or a diffusion pipeline are not trained by PEFT on transformers); name the model it was made from`,
    received: repository,
    expected: `a repository with ${CONFIG}`,
  });
}
