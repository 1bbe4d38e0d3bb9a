/**
 * Python that runs two optimizer steps of a script for TRL on weights that are all zero, and writes down what the card held. The
 * checkpoint is a file with a header and nothing written behind it, which takes no room on a disk and is read as any other: the
 * loader, its dtypes and its packing are the real ones. Memory does not look at values, but for a router's, which sends all
 * tokens to the same experts.
 */
export const MEASURE_HARNESS: string = String.raw`
STEPS = 2


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def write_checkpoint(folder: Path) -> None:
    config = AutoConfig.for_model(**CONFIG)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, STORED))
    config.architectures = [type(model).__name__]
    config.save_pretrained(folder)
    tied = set(model._tied_weights_keys or ()) if config.get_text_config().tie_word_embeddings else set()
    header, size = {}, 0
    names = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}
    for name, tensor in model.state_dict().items():
        if name in tied:
            continue
        end = size + tensor.numel() * tensor.element_size()
        dtype = names[str(tensor.dtype).removeprefix("torch.")]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [size, end]}
        size = end
    text = json.dumps(header | {"__metadata__": {"format": "pt"}}).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + size)


def write_tokenizer(folder: Path) -> None:
    words = {"a": 0, "<pad>": 1, "<eos>": 2, "<unk>": 3}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    marks = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks).save_pretrained(folder)


def driver_bytes() -> int | None:
    """What nvidia-smi shows of the first visible card."""
    card = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0] or "0"
    command = ["nvidia-smi", "-i", card, "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) * 2**20
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


class Watch(TrainerCallback):
    def __init__(self) -> None:
        self.steps = []

    def on_step_end(self, args, state, control, **_) -> None:
        if torch.cuda.is_available():
            self.steps.append(torch.cuda.max_memory_allocated())
        say(f"step {state.global_step} of {STEPS}")


def measure(folder: Path) -> dict:
    has_card = torch.cuda.is_available()
    before = driver_bytes() if has_card else None
    write_checkpoint(folder)
    write_tokenizer(folder)
    changes = {"output_dir": str(folder / "out"), "max_steps": STEPS, "report_to": "none", "save_strategy": "no", "eval_strategy": "no"}
    if not has_card:
        say("no CUDA card: the run is made on the CPU, and no memory is measured")
        changes |= {"use_cpu": True, "bf16": False, "fp16": False}
    args = training_args(**changes)
    rows = args.per_device_train_batch_size * args.gradient_accumulation_steps * STEPS
    example = [0] * (args.max_length // PER_ROW)
    data = Dataset.from_dict({"input_ids": [example] * (rows * PER_ROW)})
    watch = Watch()
    run = trainer(model=str(folder), dataset=data, **changes)
    run.add_callback(watch)
    loaded = torch.cuda.memory_allocated() if has_card else None
    trainable = sum(each.numel() for each in run.model.parameters() if each.requires_grad)
    if has_card and SNAPSHOT:
        torch.cuda.memory._record_memory_history(max_entries=2_000_000)
    run.train()
    if has_card and SNAPSHOT:
        torch.cuda.memory._dump_snapshot(SNAPSHOT)
    found = {"schema": 1, "scenario": SCENARIO, "trainable": trainable, "versions": {name: version(name) for name in ("torch", "transformers", "peft", "trl")}}
    if not has_card:
        return found
    statistics = torch.cuda.memory_stats()
    reserved, after = torch.cuda.max_memory_reserved(), driver_bytes()
    context = None if before is None or after is None else after - before - torch.cuda.memory_reserved()
    card = torch.cuda.get_device_properties(0)
    return found | {
        "card": card.name,
        "capacity": card.total_memory,
        "cuda": torch.version.cuda,
        "loaded": loaded,
        "steps": watch.steps,
        "context": context,
        "num_alloc_retries": statistics["num_alloc_retries"],
        "measured": {"allocated": torch.cuda.max_memory_allocated(), "reserved": reserved} | ({} if context is None else {"process": reserved + context}),
    }


if __name__ == "__main__":
    out = sys.argv[1] if len(sys.argv) > 1 else "result.json"
    SNAPSHOT = sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as made:
        result = measure(Path(made))
    Path(out).write_text(json.dumps(result, indent=2) + "\n")
    say(f"Wrote {out}; compare it: lora-calc calibrate {out}")
`;
