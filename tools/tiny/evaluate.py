"""Scores on held-out problems: by kind, over thinking budgets, truth of equations, corrections."""

import json
import sys
from collections import defaultdict
from pathlib import Path
from random import Random

import torch

import judge
import problems
from model import Model, generate, load
from train import Codec
from writer import wrong

BUDGETS = (0, 16, 32, 64, 96, 128, 192, 256, 384)
MOST = 1200  # tokens of a reply
ANSWER = 96  # tokens of an answer after its reasoning; a right one is far shorter
AT_ONCE = 192


def held_out(per_kind: int, seed: int, outside: bool = True) -> list[problems.Problem]:
    """Different problems of the held-out side, `per_kind` of each."""
    rng = Random(seed)
    drawn = []
    for kind in problems.KINDS:
        seen = set()
        while len(seen) < per_kind:
            p = problems.draw(rng, kind, held=True)
            if p.question not in seen:
                seen.add(p.question)
                drawn.append(p)
    return drawn + [problems.out_of_reach(rng) for _ in range(per_kind if outside else 0)]


class Answerer:
    def __init__(self, model: Model, codec: Codec):
        self.model, self.codec = model, codec

    def go_on(self, texts: list[str], temperature: float = 0.0, seed: int = 0, most: int = MOST) -> list[str]:
        """What the model writes after each text, its stop token left out."""
        out = [""] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for at in range(0, len(order), AT_ONCE):
            some = order[at : at + AT_ONCE]
            ids = [self.codec.ids(texts[i]) for i in some]
            for i, new in zip(some, generate(self.model, ids, self.codec.eos, most, temperature, seed + at)):
                out[i] = self.codec.text(new).removesuffix(problems.EOS)
        return out


def by_kind(asked: list[problems.Problem], replies: list[str]) -> dict[str, float]:
    """Percent right of every kind, and of all kinds but `outside`."""
    hits = defaultdict(list)
    for p, r in zip(asked, replies):
        hits[p.kind].append(judge.right(p, r))
    scores = {kind: _percent(h) for kind, h in hits.items()}
    scores["all"] = _percent([x for kind, h in hits.items() if kind != "outside" for x in h])
    return scores


def _percent(hits: list[bool]) -> float:
    return round(100 * sum(hits) / max(1, len(hits)), 2)


def budget_curve(who: Answerer, asked: list[problems.Problem], replies: list[str]) -> dict[int, float]:
    """Percent right when the reasoning is closed after so many tokens."""
    curve = {}
    for budget in BUDGETS:
        texts, done = [], []
        for p, r in zip(asked, replies):
            thought, close, _ = r.partition(problems.CLOSE)
            ids = who.codec.ids(thought)
            if close and len(ids) <= budget:
                done.append(judge.right(p, r))
            else:
                cut = who.codec.text(ids[:budget])
                texts.append((p, f"{problems.prompt(p.question)}{cut}\n{problems.CLOSE}\n\n"))
        after = who.go_on([t for _, t in texts], most=ANSWER)
        done += [judge.right(p, problems.CLOSE + r) for (p, _), r in zip(texts, after)]
        curve[budget] = _percent(done)
    return curve


COMMENTS = (". Wait, {equation}", ". Wait, that should be {value}", ". Wait, {value}", ".\n\nWait, {equation}", ". Wait, no: {equation}")


def planted(asked, replies, rng: Random, comment: bool):
    """Right replies cut at one of their equations, which is given a wrong result."""
    for p, r in zip(asked, replies):
        thought = r.partition(problems.CLOSE)[0]
        places = [m for m in judge.EQUATION.finditer(thought) if m[0].count(" = ") == 1 and m[0].split(" = ")[1].isdigit()]
        if not places or not judge.right(p, r):
            continue
        m = rng.choice(places)
        left, value = m[0].split(" = ")
        text = f"{problems.prompt(p.question)}{thought[: m.start()]}{left} = {wrong(rng, int(value))}"
        if comment:
            text += rng.choice(COMMENTS).format(equation=m[0], value=value)
        yield p, text


def corrections(who: Answerer, asked, replies, n: int, comment: bool) -> dict[str, float]:
    """How often a planted wrong number, corrected or not, still leads to the right answer."""
    cases = list(planted(asked, replies, Random(11), comment))
    Random(12).shuffle(cases)
    cases = cases[:n]
    after = who.go_on([t for _, t in cases])
    right = [judge.right(p, r) for (p, _), r in zip(cases, after)]
    return {"cases": len(cases), "right": _percent(right), "says wait": _percent(["ait," in r.partition(problems.CLOSE)[0] for r in after])}


def evaluate(folder: Path, per_kind: int = 60, seed: int = 2024, full: bool = True) -> dict:
    torch.set_num_threads(2)
    model, codec = load(folder), Codec(folder)
    who = Answerer(model, codec)
    asked = held_out(per_kind, seed)
    replies = who.go_on([problems.prompt(p.question) for p in asked])
    report = {"per kind": per_kind, "thinking": by_kind(asked, replies)}
    solved = [r for p, r in zip(asked, replies) if judge.right(p, r) and p.answer is not None]
    found = [e for r in solved for e in judge.equations(r)]
    report["equations"] = {"written": len(found), "true": _percent([ok for _, ok in found])}
    report["thinking tokens"] = round(sum(len(codec.ids(r.partition(problems.CLOSE)[0])) for r in replies) / len(replies), 1)
    report["wrong"] = [(p.kind, p.question, p.answer, r) for p, r in zip(asked, replies) if not judge.right(p, r)]
    if full:
        off = who.go_on([problems.prompt(p.question, think=False) for p in asked], most=ANSWER)
        report["not thinking"] = by_kind(asked, [problems.CLOSE + r for r in off])
        sums = [(p, r) for p, r in zip(asked, replies) if p.answer is not None]
        report["budgets"] = budget_curve(who, *zip(*sums))
        report["corrected"] = corrections(who, asked, replies, 200, comment=True)
        report["uncommented"] = corrections(who, asked, replies, 200, comment=False)
    return report


if __name__ == "__main__":
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    report = evaluate(folder, int(sys.argv[3]) if len(sys.argv) > 3 else 60, full="--quick" not in sys.argv)
    out.write_text(json.dumps(report, indent=1))
    print(json.dumps({k: v for k, v in report.items() if k != "wrong"}, indent=1))
