"""Notebooks from texts in notebooks/source: paragraphs are Markdown, ```tx blocks are cells. ```tx error marks a cell that is meant to fail."""
import json
import pathlib
import re
import sys

# The library lies elsewhere on every machine.
LIBRARY = re.compile(r"/[^\s\"]*/(lib/[\w/]+\.tx)")
FENCE = re.compile(r"^```tx( error)?\n(.*?)^```\n?", re.M | re.S)


def cells(text):
    """The cells of a text in order: kind, source, and whether a failure is meant."""
    at = 0
    for block in FENCE.finditer(text):
        if text[at:block.start()].strip():
            yield "markdown", text[at:block.start()].strip(), False
        yield "code", block[2].rstrip("\n"), bool(block[1])
        at = block.end()
    if text[at:].strip():
        yield "markdown", text[at:].strip(), False


def build(text):
    """A notebook without outputs."""
    result = []
    for number, (kind, source, fails) in enumerate(cells(text)):
        cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source.splitlines(keepends=True)}
        if kind == "code":
            cell.update(execution_count=None, outputs=[])
            if fails:
                cell["metadata"]["tags"] = ["raises-exception"]
        result.append(cell)
    kernel = {"display_name": "tx", "language": "tx", "name": "tx"}
    return {"cells": result, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def relative(value):
    """Outputs with the library's files by their names in it."""
    if isinstance(value, str):
        return LIBRARY.sub(r"\1", value)
    if isinstance(value, list):
        return [relative(v) for v in value]
    return {k: relative(v) for k, v in value.items()} if isinstance(value, dict) else value


def clean(notebook):
    """Leaves out when and where cells ran: a second run with the same results is the same file."""
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
        if "outputs" in cell:
            cell["outputs"] = relative(cell["outputs"])
    notebook["metadata"].pop("widgets", None)
    return notebook


def failures(notebook):
    """Cells that failed and were not meant to, and those that were meant to and did not."""
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        failed = any(o["output_type"] == "error" for o in cell["outputs"])
        if failed != ("raises-exception" in cell["metadata"].get("tags", [])):
            yield f"cell {number} {'failed' if failed else 'was meant to fail'}: {''.join(cell['source'])[:80]!r}"


def write(path, notebook):
    path = pathlib.Path(path)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(path)


def main(arguments):
    match arguments:
        case ["build", source, target]:
            write(target, build(pathlib.Path(source).read_text(encoding="utf-8")))
        case ["finish", executed, target]:
            notebook = clean(json.loads(pathlib.Path(executed).read_text(encoding="utf-8")))
            wrong = list(failures(notebook))
            for line in wrong:
                print(f"{pathlib.Path(target).name}: {line}", file=sys.stderr)
            if wrong:
                return 1
            write(target, notebook)
        case ["script", source]:
            # The cells alone, for a prompt that is not a notebook.
            for kind, text, _ in cells(pathlib.Path(source).read_text(encoding="utf-8")):
                if kind == "code":
                    print(text, end="\n\n")
        case _:
            print("usage: notebook.py build SOURCE TARGET | finish EXECUTED TARGET | script SOURCE", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
