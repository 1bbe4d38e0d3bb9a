"""Ask the readers of engines whether they take what lora-calc writes to start a run, and read the script in it back.

    python launches.py MIRRORS SKYPILOT     # npm run build before

MIRRORS: a folder with a git clone kubeflow+trainer/repo, whose CRD is the schema of a TrainJob. SKYPILOT: a Python that has skypilot 0.14.1, whose
schemas are those of a task; jsonschema checks both. accelerate reads its own file, huggingface_hub knows its flavors, bash parses what it runs (`bash -n`), and
Python's tomllib the head of a script (PEP 723). Slurm has no reader without a cluster: bash parses the script, and its directives are read as data.
"""

from __future__ import annotations

import ast
import gzip
import json
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from export_cases import all_cases

HERE = Path(__file__).resolve().parent
GOLDENS = HERE.parent / "packages" / "lora-calc" / "test" / "conformance" / "launches.jsonl.gz"
CARDS = {
    "accelerate": [("RTX 4090", 1, 1), ("RTX 4090", 4, 1), ("H100 SXM", 8, 2)],
    "slurm": [("A100 80GB SXM", 1, 1), ("A100 80GB SXM", 4, 1), ("H100 SXM", 8, 4)],
    "skypilot": [("L4", 1, 1), ("A100 80GB SXM", 8, 1), ("H100 SXM", 8, 2)],
    "kubeflow": [("A100 40GB", 1, 1), ("H100 SXM", 8, 1), ("H100 SXM", 8, 2)],
    "hf-jobs": [("L4", 1, 1), ("A100 80GB SXM", 1, 1), ("H200", 1, 1)],
}


def strict(schema: Any) -> Any:
    """A Kubernetes schema that refuses fields it does not name, as the server does with strict validation."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: strict(value) for key, value in schema.items()}
    if own.get("type") == "object" and "properties" in own and "additionalProperties" not in own:
        own["additionalProperties"] = False
    if own.get("x-kubernetes-int-or-string"):
        own = {"type": ["integer", "string"]}
    return own


def kubeflow_schema(mirrors: str) -> tuple[Any, str]:
    folder = Path(mirrors) / "kubeflow+trainer" / "repo"
    shown = ["git", "-C", str(folder), "show", "HEAD:manifests/base/crds/trainer.kubeflow.org_trainjobs.yaml"]
    crd = yaml.safe_load(subprocess.run(shown, capture_output=True, text=True, check=True).stdout)
    commit = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    schema = strict(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    return schema, commit


SCHEMA = """
import json
from sky.utils import schemas
task = schemas.get_task_schema()
task["properties"]["resources"] = schemas.get_resources_schema()
print(json.dumps(task))
"""


def skypilot_schema(python: str) -> Any:
    return json.loads(subprocess.run([python, "-c", SCHEMA], capture_output=True, text=True, check=True).stdout)


def bash_parses(text: str) -> None:
    subprocess.run(["bash", "-n"], input=text, text=True, check=True, capture_output=True)


def read(engine: str, files: dict[str, str], schemas: dict[str, Any]) -> dict[str, Any]:
    """What the reader of the engine read; raises where it refuses."""
    name, text = next(iter(files.items()))
    if engine == "accelerate":
        from accelerate.commands.config.config_args import load_config_from_file

        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            config = load_config_from_file(file.name)
        return {"processes": config.num_processes, "nodes": config.num_machines, "kind": str(config.distributed_type.value)}
    if engine == "slurm":
        bash_parses(text)
        said = dict(re.findall(r"^#SBATCH --([\w-]+)=(\S+)$", text, re.M))
        words = shlex.split(text.rstrip("\n").split("\n")[-1])
        return {"nodes": int(said["nodes"]), "cards": int(said["gpus-per-node"]), "run": words}
    if engine == "skypilot":
        task = yaml.safe_load(text)
        jsonschema.Draft202012Validator(schemas["skypilot"]).validate(task)
        bash_parses(task["run"])
        bash_parses(task["setup"])
        return {"accelerators": task["resources"]["accelerators"], "nodes": task.get("num_nodes", 1)}
    if engine == "kubeflow":
        job = yaml.safe_load(text)
        jsonschema.Draft202012Validator(schemas["kubeflow"]).validate(job)
        trainer = job["spec"]["trainer"]
        bash_parses(trainer["args"][0])
        # Kubernetes puts "$(" where "$$(" stands.
        script = trainer["env"][0]["value"].replace("$$(", "$(")
        if script != files["train.py"]:
            raise ValueError("the script does not come back")
        return {"nodes": trainer["numNodes"], "cards": trainer["resourcesPerNode"]["limits"]["nvidia.com/gpu"]}
    from huggingface_hub import JobHardware

    bash_parses(text)
    words = shlex.split(text.split("pipefail\n")[1].replace("\\\n", ""))
    flavor = JobHardware(words[words.index("--flavor") + 1]).value
    head = re.search(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$", files["train.py"])
    content = "".join(line[2:] for line in head.group("content").splitlines(keepends=True))
    return {"flavor": flavor, "dependencies": tomllib.loads(content)["dependencies"]}


def main(mirrors: str, skypilot: str) -> None:
    schema, commit = kubeflow_schema(mirrors)
    schemas = {"kubeflow": schema, "skypilot": skypilot_schema(skypilot)}
    releases = {"kubeflow/trainer": commit, "skypilot": "0.14.1", "accelerate": version("accelerate"), "huggingface_hub": version("huggingface_hub")}
    rows = []
    for engine, cards in CARDS.items():
        cases = [
            {**case, "hardware": dict(zip(("gpu", "count", "nodes"), cards[number % len(cards)], strict=True))} for number, case in enumerate(all_cases())
        ]
        lines = "".join(json.dumps(case) + "\n" for case in cases)
        done = subprocess.run(["node", str(HERE / "write_exports.mjs"), engine], input=lines, capture_output=True, text=True, check=True)
        for case, line in zip(cases, done.stdout.strip("\n").split("\n"), strict=True):
            export = json.loads(line)
            if "error" in export:
                print(engine, case["id"], export["error"]["message"][:120])
                continue
            files = {file["name"]: file["text"] for file in export["files"]}
            row = {"id": case["id"], "engine": engine, "scenario": case, "text": export["files"][0]["text"], "releases": releases}
            try:
                ast.parse(files["train.py"])
                rows.append(row | {"read": read(engine, files, schemas)})
            except Exception as error:  # noqa: BLE001
                rows.append(row | {"refused": f"{type(error).__name__}: {str(error)[:200]}"})
                print(engine, case["id"], rows[-1]["refused"])
        own = [row for row in rows if row["engine"] == engine]
        print(engine, sum("read" in row for row in own), "read", sum("refused" in row for row in own), "refused")
    with gzip.GzipFile(GOLDENS, "wb", mtime=0) as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
