/**
 * Puts the tensors of a model on the device in the order a real load allocates them: weights, up-casts, adapters.
 *
 * Source: transformers modeling_utils.py (`caching_allocator_warmup`, load in module order), peft
 * utils/other.py `prepare_model_for_kbit_training`, tuners/tuners_utils.py `cast_adapter_dtype`.
 */

import type { AdaptedModule, AdapterPlan } from "../../adapter/plan/plan.js";
import type { Child, ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { isRepeat } from "../../graph/tree/module-graph.js";
import { keptDtype } from "./kept-dtype.js";
import { warmUpBytes } from "./warm-up.js";
import type { Dtype } from "../../units/dtype.js";
import { bindCopy, bindTokens } from "./bind-copy.js";
import { bindApart, moveOriginals, withinModule } from "./copies-apart.js";
import type { CopiesApart } from "./copies-apart.js";
import { byNode, isAt } from "./adapted-sites.js";
import { bindLora } from "./bind-lora.js";
import type { Loop } from "../machine/loop.js";
import type { Machine } from "../machine/machine.js";
import { LOADING } from "../machine/phase.js";
import type { Phase, Role } from "../machine/phase.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundModule, BoundTokens, Kernels } from "./bound-module.js";
import { moveToCard } from "./move.js";
import { trainedOf } from "./trained.js";
import type { Trained } from "./trained.js";
import { quantizedModules, storedWeight } from "../settings/quantization.js";
import type { Quantization } from "../settings/quantization.js";
import { layerKeys } from "./layer-keys.js";
import { recast } from "./recast.js";
import { ownBuffers } from "./own-buffers.js";
import type { TrainingSettings } from "../settings/training.js";
import type { WorldRules } from "../../worlds/world.js";

export interface LoadOptions {
  readonly plan: AdapterPlan | undefined;
  readonly quantization: Quantization | undefined;
  readonly training: TrainingSettings;
  readonly kernels: Kernels;
  readonly rules: WorldRules;
  /** A reference is loaded as it is: nothing of it trains. */
  readonly role?: Role;
  /** Where it is read to; from the host it is moved when it is whole. */
  readonly readsTo: "cuda" | "host";
  /** What comes between the base and its adapters. */
  readonly whenRead?: () => void;
}

export interface LoadedModel {
  readonly root: BoundModule;
  readonly trained: Trained;
}

class Loader {
  private readonly m: Machine;
  private readonly graph: ModuleGraph;
  private readonly options: LoadOptions;
  private readonly dtypeOf: ReturnType<typeof keptDtype>;
  private readonly isQuantized: (node: ModuleNode, path: string) => boolean;
  private readonly tied = new Map<string, Tensor>();
  /** Trained rows of the embedding that a tied head follows. */
  private followed: BoundTokens | undefined;
  private readonly adapted: ReadonlyMap<ModuleNode, readonly AdaptedModule[]>;
  /** By the path of its ModuleList, every loop of a forward; of its elements only a sample is bound. */
  private readonly loops: ReadonlyMap<string, Loop>;

  constructor(m: Machine, graph: ModuleGraph, options: LoadOptions) {
    this.m = m;
    this.graph = graph;
    this.options = options;
    this.dtypeOf = keptDtype(graph, options.training.dtype);
    this.isQuantized =
      options.quantization === undefined
        ? () => false
        : quantizedModules(graph, options.quantization);
    this.adapted = byNode(options.plan?.modules ?? []);
    this.loops = new Map(
      layerKeys(graph, options.plan).map(({ path, keys }) => [path, m.loop("layers", keys)]),
    );
  }

  load(): LoadedModel {
    const { m } = this;
    const { role, readsTo } = this.options;
    const phase = role === undefined ? LOADING : { ...LOADING, role };
    const weights = role === "reference" ? "reference" : "weights";
    m.kind = weights;
    const root = m.at(readsTo, () => this.read(phase));
    if (readsTo === "host") {
      m.tape.phase = phase;
      moveToCard(m, root, weights);
    }
    m.kind = "activations";
    return { root, trained: trainedOf(root) };
  }

  private read(phase: Phase): BoundModule {
    const { m } = this;
    m.tape.phase = phase;
    if (this.options.readsTo === "cuda" && !this.isPackedAlready) this.warmUp();
    const root = this.bind(this.graph.root, "");
    recast({ m, visit: this.forEachBound.bind(this) }, root, this.options);
    this.options.whenRead?.();
    m.kind = "adapter_other";
    m.tape.phase = { part: "adapters" };
    const { unsloth, gradient_checkpointing: movesOriginals } = this.options.training;
    if (unsloth === undefined) this.addAdapters(root, true);
    else this.addUnsloths(root, { movesOriginals, widens: unsloth.rules.widensCopiesOf ?? [] });
    return root;
  }

  private addUnsloths(root: BoundModule, apart: CopiesApart): void {
    const { m } = this;
    const modules = withinModule(root, this.forEachBound.bind(this));
    const copied = modules.filter((module) => this.isCopied(module));
    if (apart.movesOriginals) moveOriginals(m, modules, copied);
    this.addAdapters(root, false);
    for (const module of copied) module.copy = bindApart(m, module, apart);
  }

  /** Unsloth reads repositories whose weights are packed, and without the warm-up of transformers. */
  private get isPackedAlready(): boolean {
    return this.options.training.unsloth !== undefined;
  }

  /** One block of the size of the stored weights is taken and given back before loading. */
  private warmUp(): void {
    const { graph, m, dtypeOf, isQuantized } = this;
    const { quantization } = this.options;
    const bytes = warmUpBytes(graph, { quantization, dtypeOf, isQuantized });
    m.consume(m.empty("caching_allocator_warmup", [bytes], "uint8"));
  }

  private bind(node: ModuleNode, path: string): BoundModule {
    const { quantization, training } = this.options;
    const quantized = quantization !== undefined && this.isQuantized(node, path);
    const loop = this.loops.get(path);
    const module: BoundModule = {
      path,
      node,
      parameters: new Map(),
      buffers: new Map(),
      dtype: training.dtype,
      kernels: this.options.kernels,
      children: new Map(),
      elements: [],
      ...(quantized ? { quantization } : {}),
      ...(loop === undefined ? {} : { loop }),
    };
    this.bindParameters(module, quantized ? quantization : undefined);
    for (const { name, shape, dtype } of ownBuffers(node, this.options.rules)) {
      const stored = dtype === "model" ? training.dtype : dtype;
      module.buffers.set(name, this.m.retain(this.m.empty("empty", shape, stored)));
    }
    this.forEachChild(node.children, path, (child, childPath, isElement) => {
      const bound = this.bind(child, childPath);
      if (isElement) module.elements.push(bound);
      else module.children.set(child.name, bound);
    });
    return module;
  }

  private bindParameters(module: BoundModule, quantization: Quantization | undefined): void {
    const { m } = this;
    for (const parameter of module.node.parameters) {
      const { name, shape, tiedTo, isFrozen } = parameter;
      const own = module.path === "" ? name : `${module.path}.${name}`;
      // A tied weight may be registered before the one it is tied to (heads in front of the backbone: xlm-roberta).
      const shared = this.tied.get(tiedTo ?? own);
      if (shared !== undefined) {
        module.parameters.set(name, shared);
        continue;
      }
      if (name === "weight" && quantization !== undefined) {
        const source = this.isPackedAlready ? undefined : m.empty("empty", shape, "bfloat16");
        const [packed] = storedWeight(module.node, quantization);
        if (packed === undefined) throw new Error(`${module.path} cannot be quantized`);
        module.parameters.set(name, m.retain(m.empty("empty", packed.shape, packed.dtype)));
        if (source !== undefined) m.consume(source);
        continue;
      }
      const tensor = m.retain(m.empty("empty", shape, this.dtypeOf(module.path, parameter)));
      tensor.requiresGrad = isFrozen !== true && this.trains(module, name);
      tensor.section = m.section;
      module.parameters.set(name, tensor);
      this.tied.set(own, tensor);
      if (tiedTo !== undefined) this.tied.set(tiedTo, tensor);
    }
    if (quantization === undefined) return;
    for (const { name, shape, dtype } of storedWeight(module.node, quantization).slice(1)) {
      module.buffers.set(name, m.retain(m.empty("empty", shape, dtype)));
    }
  }

  private trains(module: BoundModule, name: string): boolean {
    const { role, plan } = this.options;
    if (role === "reference") return false;
    return plan === undefined || this.isUnfrozen(module, name);
  }

  private isUnfrozen(module: BoundModule, name: string): boolean {
    return (
      this.options.plan?.unfrozen.some(
        (parameter) => parameter.name === name && isAt(parameter.site, module),
      ) === true
    );
  }

  private addAdapters(module: BoundModule, copies: boolean): void {
    for (const adapted of this.adaptationsOf(module)) {
      const { lora: planned, parameterName: parameter } = adapted;
      if (planned === undefined) continue;
      // Preference trainers set the probability of every dropout to 0 (disable_dropout).
      const settings = this.options.training.preference ? { ...planned, dropout: 0 } : planned;
      const lora = bindLora(this.m, adapted, settings, {
        dtype: this.adapterDtype(),
        magnitude: this.options.training.keepsMagnitudes ? "float32" : this.adapterDtype(),
      });
      if (parameter === undefined) module.lora = lora;
      else module.parameterLoras = [{ parameter, lora }, ...(module.parameterLoras ?? [])];
    }
    if (copies && this.isCopied(module))
      module.copy = bindCopy(this.m, module, this.options.training.adapter_dtype);
    const tokens = this.tokensOf(module);
    if (tokens !== undefined) module.tokens = tokens;
    this.forEachBound(module, (child) => this.addAdapters(child, copies));
  }

  /** Trained rows, and a copy of what they replace; a tied head takes those that its embedding was given before. */
  private tokensOf(module: BoundModule): BoundTokens | undefined {
    const { m, options } = this;
    for (const { site, tokens, dim, followedBy } of options.plan?.tokens ?? []) {
      if (followedBy === module.path) return this.followed;
      if (!isAt(site, module)) continue;
      const bound = bindTokens(m, [tokens, dim], this.adapterDtype());
      if (followedBy !== undefined) this.followed = bound;
      return bound;
    }
    return undefined;
  }

  private isCopied(module: BoundModule): boolean {
    return this.options.plan?.copies.some(({ site }) => isAt(site, module)) === true;
  }

  /** PEFT keeps adapters in fp32 on every base unless told otherwise. */
  private adapterDtype(): Dtype {
    const { adapter_dtype: dtype } = this.options.training;
    return dtype === "auto" ? "float32" : dtype;
  }

  /** Of its parameters, the inner ones first. */
  private adaptationsOf(module: BoundModule): readonly AdaptedModule[] {
    return this.adapted.get(module.node)?.filter(({ site }) => isAt(site, module)) ?? [];
  }

  private forEachBound(module: BoundModule, visit: (child: BoundModule) => void): void {
    for (const child of module.children.values()) visit(child);
    const { loop } = module;
    module.elements.forEach((element, position) => {
      if (loop !== undefined) this.m.enterSection(loop, position);
      visit(element);
    });
    if (loop !== undefined) this.m.leaveSection();
  }

  private forEachChild(
    children: readonly Child[],
    path: string,
    visit: (child: ModuleNode, path: string, isElement: boolean) => void,
  ): void {
    const loop = this.loops.get(path);
    const join = (name: string | number): string => (path === "" ? `${name}` : `${path}.${name}`);
    const elements: { readonly index: number; readonly element: ModuleNode }[] = [];
    for (const child of children) {
      if (!isRepeat(child)) {
        visit(child, join(child.name), false);
        continue;
      }
      for (const index of child.indices) elements.push({ index, element: child.element });
    }
    elements.sort((left, right) => left.index - right.index);
    const kept =
      loop === undefined ? elements : elements.filter(({ index }) => loop.indices.includes(index));
    kept.forEach(({ index, element }, position) => {
      if (loop !== undefined) this.m.enterSection(loop, position);
      visit(element, join(index), true);
    });
    if (loop !== undefined) this.m.leaveSection();
  }
}

export function loadModel(m: Machine, graph: ModuleGraph, options: LoadOptions): LoadedModel {
  return new Loader(m, graph, options).load();
}
