/** The published list of problem codes. Codes are never renamed; each says which PEFT exception it stands for. */

export interface CodeFacts {
  /** What the code means, in one sentence. */
  readonly meaning: string;
  /** Exception class of PEFT or transformers for the same input, if there is one. */
  readonly exception?: string;
}

export const PROBLEM_CODES = {
  invalid_json: { meaning: "The text is not JSON." },
  invalid_yaml: { meaning: "The text is not YAML." },
  unreadable_file: { meaning: "The file does not exist, cannot be read, or is not text." },
  invalid_type: { meaning: "A field has a value of the wrong type." },
  invalid_value: {
    meaning: "A field has a value outside what is allowed.",
    exception: "ValueError",
  },
  unknown_field: { meaning: "A field is not known here.", exception: "TypeError" },
  missing_field: { meaning: "A field that is needed is absent." },
  limit_exceeded: { meaning: "An input is larger than this calculator accepts." },
  unknown_model: { meaning: "No catalogue, cache or Hub that was asked has a model of this name." },
  network_error: { meaning: "The Hub could not be asked, or did not answer in full." },
  rate_limited: { meaning: "The Hub asks to wait." },
  access_denied: { meaning: "The repository is gated, and no token opens it." },
  unknown_model_type: {
    meaning: "There is no blueprint for this model_type.",
    exception: "ValueError",
  },
  unknown_architecture: { meaning: "The model class is not known for this model_type." },
  unknown_gpu: { meaning: "The GPU is not in the catalogue." },
  unknown_recipe: { meaning: "The recipe is not in the catalogue." },
  unknown_stack: { meaning: "The training stack is not known." },
  unknown_peft_type: { meaning: "The PEFT method is not known.", exception: "KeyError" },
  missing_task_type: {
    meaning: "The method needs a task_type.",
    exception: "KeyError",
  },
  unknown_target_module: {
    meaning: "No module of the model matches the targets.",
    exception: "NoMatchingPeftModuleError",
  },
  unsupported_target_module: {
    meaning: "A matched module is of a class that the method cannot adapt.",
    exception: "ValueError",
  },
  missing_target_modules: {
    meaning: "No targets were given and PEFT has no default for this model_type.",
    exception: "ValueError",
  },
  invalid_adapter_option: {
    meaning: "Adapter options exclude each other or do not fit the model.",
    exception: "ValueError",
  },
  invalid_adapter_type: {
    meaning: "An adapter option meets a module or value of a type that PEFT refuses.",
    exception: "TypeError",
  },
  missing_attribute: {
    meaning: "The model class or an adapter lacks something that the configuration needs.",
    exception: "AttributeError",
  },
  invalid_layer_index: {
    meaning: "An option names a layer that the model does not have.",
    exception: "IndexError",
  },
  not_implemented_by_peft: {
    meaning: "PEFT, or the model class, does not implement this.",
    exception: "NotImplementedError",
  },
  invalid_regex: { meaning: "The pattern is not a valid regular expression.", exception: "error" },
  unsupported_regex: { meaning: "The pattern uses a feature that this engine refuses." },
  internal: { meaning: "A fault of lora-calc itself: please report it." },
  unsupported: { meaning: "This combination is understood but not computed." },
} as const satisfies Record<string, CodeFacts>;

/** Codes of warnings: the answer stands, and its reader should know this. */
export const WARNING_CODES = {
  unmatched_target_module: "A name of target_modules or target_parameters hit nothing; others did.",
  adapts_convolution:
    "A name of target_modules also hits a convolution, which older versions of PEFT refuse.",
  experts_not_adapted:
    "The weights of the experts are parameters that target_modules does not reach.",
  experts_not_quantized:
    "The weights of the experts are parameters, and bitsandbytes packs linear layers only.",
  experts_rebuilt:
    "Adapters on the parameters of experts make a tensor of their size in every pass over a layer.",
  experts_one_by_one:
    "The card has no grouped product: the backward pass of experts makes a gradient as large as their weights.",
  adapters_without_gradient:
    "Some of the adapters sit where the class computes no gradient, and never train.",
  text_only: "The step of a model that sees is computed for batches without pictures.",
  state_kernels:
    "Layers with a state are computed as PyTorch's operators, not as the kernels of a library.",
  own_head:
    "The stack's model has a head of its own where the checkpoint ties it to the embedding.",
  unused_gradient: "A part trains without an optimizer: its gradient is made and never used.",
  other_trainer:
    "The stack's trainer does not train this class: the step is that of transformers' Trainer.",
  task_class: "The adapter is for a task that another class of the model_type has the head for.",
  stops_in_peft:
    "The releases that are computed stop at this; others run it, for which the answer is.",
  removed_field: "A field that early releases of PEFT had decides nothing any more and is ignored.",
  default_sizes: "The config.json names no size: the answer is for the defaults of its model_type.",
  memory_not_computed: "Counts and weights are answered, the memory of a step is not.",
  loads_in_float32: "The stack loads the base in float32, twice the bytes of bfloat16.",
  compute_dtype_assumed:
    "No bnb_4bit_compute_dtype was given, and transformers takes float32 then.",
  attention_math:
    "No fused attention kernel takes the run on this card: all scores exist, in float32.",
  quantized_checkpoint: "The checkpoint is stored packed; what the scenario asks does not apply.",
  linears_not_quantized: "bitsandbytes packs exactly nn.Linear, and some layers are of a subclass.",
  order_unknown:
    "Batches of several lengths leave free blocks behind, as many as their order makes of it.",
  partial_program: "Of a set of kernels only some are computed.",
} as const satisfies Record<string, string>;

export type WarningCode = keyof typeof WARNING_CODES;

export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
}

export type ProblemCode = keyof typeof PROBLEM_CODES;
