/** English words of the two checks: another tool's number, a published adapter. */

export const CHECK = {
  seen: {
    summary: "You saw another number?",
    hint: "Paste the line or the numbers that a tool printed for this run, and read why they differ.",
    label: "What it printed",
    placeholder: "trainable params: 41,943,040 || all params: 4,582,543,360",
    ask: "Explain it",
    columns: ["", "trainable", "all"],
    you: "You saw",
    peft: "PEFT prints",
  },
  adapter: {
    heading: "Check a published adapter",
    lead: "Its parameters recounted, its tensors compared with its configuration one by one, its size to the byte, and what PEFT would do when it loads it. Of the tensors only names and shapes are read, and nothing leaves this page.",
    files: "adapter_config.json and adapter_model.safetensors",
    onThisModel: "Its base is the model set above",
    configFirst:
      "adapter_config.json is missing: choose it too, alone or together with the tensors.",
    method: "Adapter",
    savedBy: (method: string, tool: string, version: string) =>
      `${method}, saved by ${tool} ${version}`,
    base: "Base",
    tensors: "Tensors",
    tensorCount: (count: string, dtypes: string) => `${count} (${dtypes})`,
    dtypeCount: (count: string, dtype: string) => `${count} ${dtype}`,
    holds: "Holds",
    parameters: (count: string) => `${count} parameters`,
    size: "Size",
    bytes: (count: string, size: string) => `${count} bytes (${size})`,
    sameSize: "to the byte what PEFT writes",
    otherSize: (bytes: string) => `PEFT writes ${bytes} for this configuration`,
    findings: "Findings",
    levels: { error: "Error", warning: "Mind", note: "Note" },
  },
} as const;
