/** Where a name is looked for: the catalogue, the cache of huggingface_hub, the Hub. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  InputError,
  isObject,
  knownModel,
  packedModel,
  parseJson,
  reject,
  unknownModel,
} from "lora-calc";
import type { Scenario } from "lora-calc";
import { askedRepository, lookUpAdapter, lookUpModel } from "lora-calc/hub";
import type { AskedRepository, FoundModel, LookUpOptions } from "lora-calc/hub";
import { keepFound, readFound } from "./found-cache.js";
import { cachedSnapshot, homeFolder } from "./huggingface-cache.js";
import type { Environment } from "./huggingface-cache.js";
import { proxiedFetch } from "./proxied-fetch.js";
import { readAdapter } from "./read-adapter.js";
import type { AdapterOnDisk } from "./read-adapter.js";
import { readSnapshot } from "./read-safetensors.js";
import { readText } from "./read-text.js";

export interface ResolveOptions {
  /** Asks nothing of the network. HF_HUB_OFFLINE means the same. */
  readonly offline?: boolean;
  /** HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HTTPS_PROXY, …; default `process.env`. */
  readonly environment?: Environment;
  readonly onProgress?: (text: string) => void;
}

export interface ResolvedModel {
  /** `scenario.model`: the name itself where the catalogue has it, else what was found. */
  readonly model: Scenario["model"];
  /** The name is that of an adapter: its configuration, `model` being its base. */
  readonly adapter?: Readonly<Record<string, unknown>>;
  /** What a reader should know about what was found. */
  readonly talk: readonly string[];
}

/**
 * The model of a name: of the catalogue, else of the local cache, else of the Hub. An adapter brings its base.
 *
 * Errors: InputError with unknown_model, network_error, rate_limited, access_denied, limit_exceeded, invalid_json,
 * unreadable_file.
 */
export async function resolveModel(
  name: string,
  options: ResolveOptions = {},
): Promise<ResolvedModel> {
  return resolve(name, withDefaults(options), MAX_BASES);
}

/** An adapter may stand on another; a third is no model. */
const MAX_BASES = 2;

interface Settings {
  readonly isOffline: boolean;
  readonly environment: Environment;
  readonly onProgress: (text: string) => void;
}

function withDefaults(options: ResolveOptions): Settings {
  const { environment = process.env, onProgress = () => undefined } = options;
  const isOffline =
    options.offline === true ||
    ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].some((name) => isOn(environment[name]));
  return { isOffline, environment, onProgress };
}

/** Source: huggingface_hub constants.py `ENV_VARS_TRUE_VALUES`. */
function isOn(value: string | undefined): boolean {
  return ["1", "ON", "YES", "TRUE"].includes(value?.toUpperCase() ?? "");
}

async function resolve(
  name: string,
  settings: Settings,
  basesLeft: number,
): Promise<ResolvedModel> {
  const asked = askedRepository(name);
  if (asked?.revision === undefined && knownModel(name) !== undefined)
    return { model: name, talk: [] };
  if (asked === undefined) reject(unknownModel(name));
  const packed = asked.revision === undefined ? packedModel(name) : undefined;
  if (packed !== undefined) reject(packed);
  const found = (await inCache(asked, settings)) ?? (await onHub(asked, name, settings));
  const { model, adapter, base, repository, talk } = found;
  if (model !== undefined) return { model, talk };
  if (base === undefined || adapter === undefined || basesLeft === 0) rejectBase(repository, base);
  const below = await resolve(base, settings, basesLeft - 1);
  return {
    ...below,
    adapter,
    talk: [`${repository} is an adapter of ${base}.`, ...talk, ...below.talk],
  };
}

async function inCache(
  asked: AskedRepository,
  { environment }: Settings,
): Promise<FoundModel | undefined> {
  const folder = await cachedSnapshot(asked, environment);
  if (folder === undefined) return undefined;
  const { repository } = asked;
  const talk = [`${repository} from the cache of huggingface_hub.`];
  const { config, safetensors } = await readSnapshot(folder);
  if (config !== undefined) {
    const model = { id: repository, config, ...(safetensors === undefined ? {} : { safetensors }) };
    return { repository, commit: undefined, model, talk };
  }
  const { text, name } = await readText(join(folder, "adapter_config.json"));
  const adapter = parseJson(text, name);
  if (!isObject(adapter)) return undefined;
  const base = adapter["base_model_name_or_path"];
  const named = typeof base === "string" ? { base } : {};
  return { repository, commit: undefined, model: undefined, adapter, ...named, talk };
}

async function onHub(
  { repository, revision = "main" }: AskedRepository,
  name: string,
  settings: Settings,
): Promise<FoundModel> {
  const { environment, isOffline } = settings;
  if (isOffline) {
    const kept = await readFound(repository, revision, environment);
    if (kept !== undefined) return { ...kept, talk: [...kept.talk, OFFLINE_TALK] };
    reject(unknownModel(name, "and the network is switched off (--offline, HF_HUB_OFFLINE)"));
  }
  const options: LookUpOptions = {
    ...(await hubOptions(settings)),
    known: (_, commit) => readFound(repository, commit, environment),
  };
  try {
    const found = await lookUpModel(`${repository}@${revision}`, options);
    await keepFound(found, revision, environment);
    return found;
  } catch (error) {
    const kept = isOfNetwork(error)
      ? await readFound(repository, revision, environment)
      : undefined;
    if (kept === undefined) throw withNearest(error, name);
    return { ...kept, talk: [...kept.talk, OFFLINE_TALK] };
  }
}

/** The Hub knows no such name, but the catalogue may know which one was meant. */
function withNearest(error: unknown, name: string): unknown {
  const { nearest } = unknownModel(name);
  if (!(error instanceof InputError) || typeof nearest !== "string") return error;
  const { problem } = error;
  const message = `${problem.message} (did you mean ${nearest}?)`;
  return problem.code === "unknown_model"
    ? new InputError({ ...problem, message, nearest })
    : error;
}

function isOfNetwork(error: unknown): boolean {
  return (
    error instanceof InputError && ["network_error", "rate_limited"].includes(error.problem.code)
  );
}

const OFFLINE_TALK = "The Hub was not asked: this is what it said when it last was.";

async function hubOptions({ environment, onProgress }: Settings): Promise<LookUpOptions> {
  const { HF_ENDPOINT: endpoint } = environment;
  const token = await tokenOf(environment);
  const proxied = await proxiedFetch(environment);
  return {
    ...(endpoint === undefined || endpoint === "" ? {} : { endpoint }),
    ...(token === undefined ? {} : { token }),
    ...(proxied === undefined ? {} : { fetch: proxied }),
    onProgress,
  };
}

/** Source: huggingface_hub utils/_auth.py `get_token`: the environment, then the file of `hf auth login`. */
async function tokenOf(environment: Environment): Promise<string | undefined> {
  if (isOn(environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"])) return undefined;
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH } = environment;
  const path = HF_TOKEN_PATH ?? join(homeFolder(environment), "token");
  const token =
    HF_TOKEN ?? HUGGING_FACE_HUB_TOKEN ?? (await readFile(path, "utf8").catch(() => ""));
  const text = token.trim();
  return text === "" ? undefined : text;
}

function rejectBase(repository: string, base: string | undefined): never {
  reject({
    code: "missing_field",
    path: "adapter.base_model_name_or_path",
    message:
      base === undefined
        ? `${repository} is an adapter that names no base; name the base itself, and the fields of the adapter as flags`
        : `${repository} is an adapter of an adapter (${base}); merge what it stands on, and give that model`,
    received: base,
    expected: "a model",
  });
}

/** The adapter of a name: from the cache of huggingface_hub, else from the Hub. Errors as of resolveModel. */
export async function resolveAdapter(
  name: string,
  options: ResolveOptions = {},
): Promise<AdapterOnDisk> {
  const settings = withDefaults(options);
  const asked = askedRepository(name);
  const folder =
    asked === undefined ? undefined : await cachedSnapshot(asked, settings.environment);
  if (folder !== undefined) {
    const adapter = await readAdapter(folder).catch(() => undefined);
    if (adapter !== undefined) return adapter;
  }
  if (settings.isOffline) {
    reject(unknownModel(name, "and the network is switched off (--offline, HF_HUB_OFFLINE)"));
  }
  const found = await lookUpAdapter(name, await hubOptions(settings));
  const { config, header, headerBytes, fileBytes, tensorsFile, repository } = found;
  if (
    header === undefined ||
    headerBytes === undefined ||
    fileBytes === undefined ||
    tensorsFile === undefined
  ) {
    return {
      files: { config },
      talk: [`${repository} has no safetensors: its tensors are not checked.`],
    };
  }
  return {
    files: { config, header, headerBytes, fileBytes },
    tensorsPath: `${repository}/${tensorsFile}`,
    talk: [],
  };
}
