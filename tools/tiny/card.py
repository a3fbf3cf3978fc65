"""The tables of the model card, from the scores of a run: `python card.py WORK/final.json`."""

import json
import sys
from pathlib import Path


def tables(scores: dict) -> str:
    thinking, off = scores["thinking"], scores["not thinking"]
    lines = ["| kind | thinking | not thinking |", "|---|---|---|"]
    for kind in thinking:
        name = "all but `outside`" if kind == "all" else kind
        lines.append(f"| {name} | {thinking[kind]:g} | {off[kind]:g} |")
    equations, corrected, alone = scores["equations"], scores["corrected"], scores["uncommented"]
    lines += [
        "",
        f"Of {equations['written']:,} equations in correct solutions {equations['true']} % hold. "
        f"A reasoning takes {scores['thinking tokens']:.0f} tokens on average.",
        "",
        "| thinking budget | right |",
        "|---|---|",
        *(f"| {budget} | {right:g} |" for budget, right in scores["budgets"].items()),
        f"| none | {thinking['all']:g} |",
        "",
        f"A wrong number followed by \"Wait\" and the right one: right in the end in {corrected['right']:g} % of "
        f"{corrected['cases']} cases. A wrong number alone: {alone['right']:g} % of {alone['cases']}; "
        f"a \"Wait\" in {alone['says wait']:g} %.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(tables(json.loads(Path(sys.argv[1]).read_text())))
