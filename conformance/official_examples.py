"""Example files of the trainers themselves, as parsed facts: keys and values of YAML, calls and arguments of Python.

Usage: official_examples.py MIRRORS OUT
MIRRORS: a folder of git clones named owner+name/repo. The files are those of official_examples.jsonl: address with its commit, and
what a person read there (model, rank, targets …). No text of a file is kept: values alone, with address, commit and licence.
Notebooks of Unsloth that have printed their trainable parameters follow, with what they printed.
"""

import ast
import gzip
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse

import yaml

HERE = pathlib.Path(__file__).parent

LICENCES = {
    "axolotl-ai-cloud/axolotl": "Apache-2.0",
    "hiyouga/LLaMA-Factory": "Apache-2.0",
    "Lightning-AI/litgpt": "Apache-2.0",
    "huggingface/alignment-handbook": "Apache-2.0",
    "huggingface/trl": "Apache-2.0",
    "huggingface/peft": "Apache-2.0",
    "modelscope/ms-swift": "Apache-2.0",
    "meta-pytorch/torchtune": "BSD-3-Clause",
    "NVIDIA-NeMo/Automodel": "Apache-2.0",
    "ml-explore/mlx-lm": "MIT",
    "unslothai/notebooks": "LGPL-3.0",
    "tloen/alpaca-lora": "Apache-2.0",
}


def address(url):
    owner, name, _, commit, *path = urllib.parse.urlparse(url).path.strip("/").split("/")
    return f"{owner}/{name}", commit, urllib.parse.unquote("/".join(path))


def text_of(mirrors, url):
    repository, commit, path = address(url)
    folder = pathlib.Path(mirrors) / repository.replace("/", "+") / "repo"
    shown = subprocess.run(["git", "-C", folder, "show", f"{commit}:{path}"], capture_output=True, check=True)
    return shown.stdout.decode()


def python_of(text, path):
    """A notebook's cells of code, without what IPython reads."""
    if not path.endswith(".ipynb"):
        return text
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    lines = "\n".join(cell for cell in cells if not cell.startswith(("%%bash", "%%writefile", "%%html", "%%sh"))).split("\n")
    kept, goes_on = [], False
    for line in lines:
        is_magic = goes_on or line.lstrip().startswith(("%", "!", "?"))
        kept.append(("" if goes_on else line[: len(line) - len(line.lstrip())] + "pass") if is_magic else line)
        goes_on = is_magic and line.endswith("\\")
    return "\n".join(kept)


class Calls:
    """Calls of a text at its top level, with names that it sets there. Nothing else is followed."""

    def __init__(self, tree):
        self.calls = []
        self.names = {}
        self.block(tree.body)

    def block(self, statements):
        for statement in statements:
            self.statement(statement)

    def statement(self, node):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                full = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
                if isinstance(node, ast.Import) and alias.asname is None:
                    full = alias.name.split(".")[0]
                self.names[alias.asname or alias.name.split(".")[0]] = {"kind": "name", "name": full}
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            value = self.value(node.value)
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                self.put(target, value)
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Constant):
            self.block(node.body if node.test.value else node.orelse)
        elif isinstance(node, (ast.If, ast.For, ast.While)):
            # What is set there depends on the run.
            before = dict(self.names)
            self.block(node.body)
            self.block(node.orelse)
            self.names = {
                name: value if before.get(name) == value else {"kind": "unknown"} for name, value in {**before, **self.names}.items()
            }
        elif isinstance(node, (ast.With, ast.Try)):
            self.block(node.body)
        elif isinstance(node, ast.Expr):
            self.value(node.value)

    def put(self, target, value):
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Tuple):
            for index, part in enumerate(target.elts):
                if value["kind"] == "call":
                    self.put(part, {**value, "item": index})
                elif value["kind"] == "data" and isinstance(value["value"], list):
                    self.put(part, {"kind": "data", "value": value["value"][index]})
                else:
                    self.put(part, {"kind": "unknown"})

    def value(self, node):
        if isinstance(node, ast.Constant) and not isinstance(node.value, (bytes, complex)) and node.value is not ...:
            return {"kind": "data", "value": node.value}
        if isinstance(node, ast.Name):
            return self.names.get(node.id, {"kind": "name", "name": node.id})
        if isinstance(node, ast.Attribute):
            owner = self.value(node.value)
            if owner["kind"] == "name":
                return {"kind": "name", "name": f"{owner['name']}.{node.attr}"}
            return {"kind": "unknown"}
        if isinstance(node, (ast.List, ast.Tuple)):
            items = [self.value(item) for item in node.elts]
            if all(item["kind"] == "data" for item in items):
                return {"kind": "data", "value": [item["value"] for item in items]}
            return {"kind": "unknown"}
        if isinstance(node, ast.Dict) and None not in node.keys:
            keys = [self.value(key) for key in node.keys]
            items = [self.value(item) for item in node.values]
            if all(item["kind"] == "data" for item in keys + items):
                return {"kind": "data", "value": {str(key["value"]): item["value"] for key, item in zip(keys, items)}}
            return {"kind": "unknown"}
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return {"kind": "data", "value": -node.operand.value}
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            left, right = self.value(node.left), self.value(node.right)
            both = [left.get("value"), right.get("value")]
            if all(isinstance(each, (int, float)) for each in both):
                return {"kind": "data", "value": both[0] * both[1]}
        if isinstance(node, ast.Call):
            return self.call(node)
        return {"kind": "unknown"}

    def call(self, node):
        callee = self.value(node.func)
        positional = [self.value(each) for each in node.args if not isinstance(each, ast.Starred)]
        keywords = {each.arg: self.value(each.value) for each in node.keywords if each.arg is not None}
        if callee["kind"] != "name":
            return {"kind": "unknown"}
        self.calls.append({"callee": callee["name"], "positional": positional, "keywords": keywords})
        return {"kind": "call", "call": len(self.calls) - 1}


WANTED = ("Trainer", "Config", "Arguments", "from_pretrained", "get_peft_model", "prepare_model_for_kbit_training")


def facts_of(text, path):
    if path.endswith((".yaml", ".yml")):
        return {"file": yaml.safe_load(text)}
    calls = Calls(ast.parse(python_of(text, path))).calls
    # Words of a chat or a prompt are no facts of a run: texts longer than a name are left out.
    return {"calls": [short(call) if call["callee"].endswith(WANTED) else {**call, "positional": [], "keywords": {}} for call in calls]}


def short(value):
    if isinstance(value, dict):
        return {key: short(each) for key, each in value.items()}
    if isinstance(value, list):
        return [short(each) for each in value]
    return value[:200] if isinstance(value, str) else value


NOTEBOOKS = "unslothai/notebooks", "bdda2efc7ad5ae129ea63cd2065d23c391406283"
PRINTED = re.compile(r"Trainable parameters = ([\d,]+) of ([\d,]+)")


def notebook_rows(mirrors):
    """Copies for other hosts (Kaggle, AMD, a course) are left out."""
    repository, commit = NOTEBOOKS
    folder = pathlib.Path(mirrors) / repository.replace("/", "+") / "repo"
    listed = subprocess.run(["git", "-C", folder, "ls-tree", "-r", commit, "--name-only", "nb"], capture_output=True, check=True)
    for path in listed.stdout.decode().splitlines():
        if not path.endswith(".ipynb") or re.match(r"nb/(?:Kaggle|AMD|HuggingFace Course)-", path):
            continue
        url = f"https://github.com/{repository}/blob/{commit}/{urllib.parse.quote(path)}"
        text = text_of(mirrors, url)
        printed = sorted({tuple(int(each.replace(",", "")) for each in pair) for pair in PRINTED.findall(text)})
        if not printed:
            continue
        try:
            facts = facts_of(text, path)
        except SyntaxError as error:
            # Of a newer Python than this one, or of IPython.
            print("left out:", path, error.msg)
            continue
        if facts["calls"]:
            yield {"url": url, "commit": commit, "licence": LICENCES[repository], "printed": printed, **facts}


def main(mirrors, out):
    rows = []
    for line in (HERE / "official_examples.jsonl").read_text().splitlines():
        wanted = json.loads(line)
        repository, commit, path = address(wanted["url"])
        rows.append({**wanted, "commit": commit, "licence": LICENCES[repository], **facts_of(text_of(mirrors, wanted["url"]), path)})
    rows += notebook_rows(mirrors)
    with gzip.GzipFile(out, "wb", mtime=0) as file:
        for row in rows:
            file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
    print(len(rows), "files")


if __name__ == "__main__":
    main(*sys.argv[1:])
