/**
 * Puts the tensors of a model on the device in the order a real load allocates them: weights, up-casts, adapters.
 *
 * Source: transformers@5.18.0 modeling_utils.py (`caching_allocator_warmup`, load in module order), peft@0.21.0
 * utils/other.py `prepare_model_for_kbit_training`, tuners/tuners_utils.py `cast_adapter_dtype`.
 */

import type { AdaptedModule, AdapterPlan } from "../adapter/plan.js";
import type { Child, ModuleGraph, ModuleNode } from "../graph/module-graph.js";
import { isRepeat } from "../graph/module-graph.js";
import { sitesOf } from "../graph/sites.js";
import { bytesOf, elementCount } from "../units/dtype.js";
import type { Dtype } from "../units/dtype.js";
import type { Machine } from "./machine/machine.js";
import type { Tensor } from "./machine/tensor.js";
import type { BoundLora, BoundModule } from "./modules/bound-module.js";
import { quantizedModules, storedWeight } from "./quantization.js";
import type { Quantization } from "./quantization.js";
import type { LayerSample } from "./repeat.js";
import type { TrainingSettings } from "./training.js";

export interface LoadOptions {
  readonly plan: AdapterPlan | undefined;
  readonly quantization: Quantization | undefined;
  readonly training: TrainingSettings;
  /** Layers that are really run; the others are copies of them. */
  readonly sample: LayerSample;
}

export interface LoadedModel {
  readonly root: BoundModule;
  /** Everything with `requires_grad`, in the order of `model.parameters()`. */
  readonly trainable: readonly Tensor[];
}

class Loader {
  private readonly m: Machine;
  private readonly graph: ModuleGraph;
  private readonly options: LoadOptions;
  private readonly isQuantized: (node: ModuleNode, path: string) => boolean;
  private readonly tied = new Map<string, Tensor>();
  private readonly adapted: ReadonlyMap<ModuleNode, readonly AdaptedModule[]>;

  constructor(m: Machine, graph: ModuleGraph, options: LoadOptions) {
    this.m = m;
    this.graph = graph;
    this.options = options;
    this.isQuantized =
      options.quantization === undefined ? () => false : quantizedModules(graph);
    this.adapted = byNode(options.plan?.modules ?? []);
  }

  load(): LoadedModel {
    const { m } = this;
    m.kind = "weights";
    m.tape.phase = "load";
    this.warmUp();
    const root = this.bind(this.graph.root, "");
    if (this.options.training.prepare_kbit) this.upcast(root);
    m.kind = "adapters";
    m.tape.phase = "adapters";
    this.addAdapters(root);
    m.kind = "activations";
    return { root, trainable: this.trainable(root) };
  }

  /** One block of the size of the stored weights is taken and given back before loading. */
  private warmUp(): void {
    const { m, options } = this;
    let bytes = 0;
    for (const site of sitesOf(this.graph)) {
      for (const { name, shape, tiedTo } of site.node.parameters) {
        if (tiedTo !== undefined) continue;
        const packed =
          name === "weight" && options.quantization && this.isQuantized(site.node, site.path)
            ? storedWeight(site.node, options.quantization)[0]
            : undefined;
        bytes +=
          site.count *
          (packed === undefined
            ? bytesOf(elementCount(shape), options.training.dtype)
            : bytesOf(elementCount(packed.shape), packed.dtype));
      }
    }
    m.consume(m.empty("caching_allocator_warmup", [bytes], "uint8"));
  }

  private bind(node: ModuleNode, path: string): BoundModule {
    const { quantization, training } = this.options;
    const quantized = quantization !== undefined && this.isQuantized(node, path);
    const module: BoundModule = {
      path,
      node,
      parameters: new Map(),
      buffers: new Map(),
      dtype: training.dtype,
      children: new Map(),
      elements: [],
      ...(quantized ? { quantization } : {}),
    };
    this.bindParameters(module, quantized ? quantization : undefined);
    for (const { name, shape, dtype } of node.buffers) {
      module.buffers.set(name, this.m.retain(this.m.empty("empty", shape, dtype)));
    }
    this.forEachChild(node.children, path, (child, childPath, isElement) => {
      const bound = this.bind(child, childPath);
      if (isElement) module.elements.push(bound);
      else module.children.set(child.name, bound);
    });
    return module;
  }

  private bindParameters(module: BoundModule, quantization: Quantization | undefined): void {
    const { m, options } = this;
    for (const { name, shape, tiedTo, dtype } of module.node.parameters) {
      const shared = tiedTo === undefined ? undefined : this.tied.get(tiedTo);
      if (shared !== undefined) {
        module.parameters.set(name, shared);
        continue;
      }
      if (name === "weight" && quantization !== undefined) {
        const source = m.empty("empty", shape, "bfloat16");
        const [packed] = storedWeight(module.node, quantization);
        if (packed === undefined) throw new Error(`${module.path} cannot be quantized`);
        module.parameters.set(name, m.retain(m.empty("empty", packed.shape, packed.dtype)));
        m.consume(source);
        continue;
      }
      const tensor = m.retain(m.empty("empty", shape, dtype ?? options.training.dtype));
      tensor.requiresGrad = options.plan === undefined;
      module.parameters.set(name, tensor);
      this.tied.set(module.path === "" ? name : `${module.path}.${name}`, tensor);
    }
    if (quantization === undefined) return;
    for (const { name, shape, dtype } of storedWeight(module.node, quantization).slice(1)) {
      module.buffers.set(name, m.retain(m.empty("empty", shape, dtype)));
    }
  }

  /** Every 16-bit parameter that is not packed becomes fp32; the new copy exists before the old one goes. */
  private upcast(module: BoundModule, done: Map<Tensor, Tensor> = new Map()): void {
    const { m } = this;
    for (const [name, tensor] of module.parameters) {
      if (tensor.dtype !== "bfloat16" && tensor.dtype !== "float16") continue;
      let float = done.get(tensor);
      if (float === undefined) {
        float = m.retain(m.empty("_to_copy", tensor.shape, "float32"));
        done.set(tensor, float);
        m.release(tensor);
      }
      module.parameters.set(name, float);
    }
    this.forEachBound(module, (child) => this.upcast(child, done));
  }

  private addAdapters(module: BoundModule): void {
    const adapted = this.adaptationOf(module);
    if (adapted?.lora !== undefined) module.lora = this.bindLora(adapted, adapted.lora);
    this.forEachBound(module, (child) => this.addAdapters(child));
  }

  private bindLora(adapted: AdaptedModule, settings: BoundLora["settings"]): BoundLora {
    const tensorNamed = (part: string): Tensor | undefined => {
      const facts = adapted.tensors.find(({ name }) => name.startsWith(part));
      if (facts === undefined) return undefined;
      const tensor = this.m.retain(this.m.empty("empty", facts.shape, this.adapterDtype()));
      tensor.requiresGrad = facts.trainable;
      return tensor;
    };
    const a = tensorNamed("lora_A.default.weight") ?? tensorNamed("lora_embedding_A");
    const b = tensorNamed("lora_B.default.weight") ?? tensorNamed("lora_embedding_B");
    if (a === undefined || b === undefined) throw new Error("an adapter lacks A or B");
    const bias = tensorNamed("lora_B.default.bias");
    const magnitude = tensorNamed("lora_magnitude_vector");
    return {
      settings,
      a,
      b,
      ...(bias === undefined ? {} : { bias }),
      ...(magnitude === undefined ? {} : { magnitude }),
    };
  }

  /** PEFT keeps adapters in fp32 on every base unless told otherwise. */
  private adapterDtype(): Dtype {
    const { adapter_dtype: dtype } = this.options.training;
    return dtype === "auto" ? "float32" : dtype;
  }

  private adaptationOf(module: BoundModule): AdaptedModule | undefined {
    return this.adapted
      .get(module.node)
      ?.find(({ site }) => site.path !== site.pattern || site.path === module.path);
  }

  private trainable(root: BoundModule): readonly Tensor[] {
    const found = new Set<Tensor>();
    const visit = (module: BoundModule): void => {
      for (const tensor of module.parameters.values()) if (tensor.requiresGrad) found.add(tensor);
      const { lora } = module;
      if (lora !== undefined) {
        for (const tensor of [lora.a, lora.b, lora.bias, lora.magnitude]) {
          if (tensor?.requiresGrad === true) found.add(tensor);
        }
      }
      this.forEachBound(module, visit);
    };
    visit(root);
    return [...found];
  }

  private forEachBound(module: BoundModule, visit: (child: BoundModule) => void): void {
    for (const child of module.children.values()) visit(child);
    const isSampled = module.path === this.options.sample.path;
    module.elements.forEach((element, position) => {
      if (isSampled) this.m.enterSection("layers", position);
      visit(element);
    });
    if (isSampled) this.m.leaveSection();
  }

  private forEachChild(
    children: readonly Child[],
    path: string,
    visit: (child: ModuleNode, path: string, isElement: boolean) => void,
  ): void {
    const { sample } = this.options;
    const join = (name: string | number): string => (path === "" ? `${name}` : `${path}.${name}`);
    const isSampled = path === sample.path;
    const elements: { readonly index: number; readonly element: ModuleNode }[] = [];
    for (const child of children) {
      if (!isRepeat(child)) {
        visit(child, join(child.name), false);
        continue;
      }
      for (const index of child.indices) elements.push({ index, element: child.element });
    }
    elements.sort((left, right) => left.index - right.index);
    const kept = isSampled ? elements.filter(({ index }) => sample.indices.includes(index)) : elements;
    kept.forEach(({ index, element }, position) => {
      if (isSampled) this.m.enterSection("layers", position);
      visit(element, join(index), true);
    });
    if (isSampled) this.m.leaveSection();
  }
}

function byNode(modules: readonly AdaptedModule[]): ReadonlyMap<ModuleNode, AdaptedModule[]> {
  const map = new Map<ModuleNode, AdaptedModule[]>();
  for (const module of modules) {
    const list = map.get(module.site.node);
    if (list === undefined) map.set(module.site.node, [module]);
    else list.push(module);
  }
  return map;
}

export function loadModel(m: Machine, graph: ModuleGraph, options: LoadOptions): LoadedModel {
  return new Loader(m, graph, options).load();
}
