"""The whole recipe: `python reproduce.py WORK [OUT] [--reinforce]`.

Everything is made in the folder WORK; a stage whose result is there is not done again, and
training goes on from its last checkpoint. The model, the suite and the scores end up in OUT.
"""

import json
import shutil
import sys
import time
from functools import partial
from pathlib import Path

import torch

import vocabulary
from evaluate import evaluate
from model import Model, save
from reinforce import Reinforcement, Sampling, grpo, mixed, sample
from suite import write_suite
from train import Plan, fresh, train

SCORED = 100  # held-out problems of each kind behind a decision


def export(checkpoint: Path, vocabulary_from: Path, to: Path) -> None:
    """The weights of a checkpoint in Hugging Face layout, in bf16."""
    to.mkdir(exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(vocabulary_from / name, to / name)
    model = Model()
    model.load_state_dict(torch.load(checkpoint)["model"])
    save(model, to)


class Recipe:
    def __init__(self, work: Path):
        self.work = work
        self.seconds: dict[str, float] = {}
        work.mkdir(parents=True, exist_ok=True)

    def stage(self, name: str, makes: Path, do) -> None:
        """Does a stage unless what it makes is there, and keeps how long it took."""
        note = self.work / f"{name}.seconds"
        if not (note.exists() and makes.exists()):
            print(f"== {name}", flush=True)
            began = time.time()
            do()
            note.write_text(str(round(time.time() - began)))
        self.seconds[name] = float(note.read_text())

    def score(self, name: str, folder: Path, full: bool = False) -> dict:
        file = self.work / f"{name}.json"
        self.stage(name, file, lambda: file.write_text(json.dumps(evaluate(folder, SCORED, full=full), indent=1)))
        scores = json.loads(file.read_text())
        print(f"{name}: {scores['thinking']}", flush=True)
        return scores

    def trained(self, name: str, base: Path, examples, steps: int, seed: int, rates: tuple[float, float], **more) -> Path:
        checkpoint, folder = self.work / f"{name}.pt", self.work / name
        plan = Plan(base, checkpoint, examples, steps, seed, *rates, **more)
        self.stage(name, folder / "model.safetensors", lambda: (train(plan), export(checkpoint, base, folder)))
        return folder

    def run(self, out: Path | None, reinforce: bool) -> None:
        vocab = self.work / "vocabulary"
        self.stage("tokenizer", vocab / "tokenizer.json", partial(vocabulary.make, vocab))

        # 1. Cold start on written traces: short batches teach the forms, long ones the rest.
        best = self.trained("first-course", vocab, fresh, 600, 1, (0.005, 0.003), fall=0.0, warm=100, tokens=6144)
        best = self.trained("second-course", best, fresh, 8000, 21, (0.005, 0.003), fall=0.5, warm=100)
        best = self.trained("third-course", best, fresh, 4500, 22, (0.004, 0.0024), fall=0.8, warm=60)

        # Where it is asked for, since neither helps such a model: see the model card.
        if reinforce:
            scores = self.score("after-cold-start", best)
            # 2. Reinforcement learning with rules for rewards.
            tried = self.work / "reinforced"
            plan = Reinforcement(best, self.work / "reinforced.pt", 30, 2, 2e-4, 2e-4)
            self.stage("reinforcement", tried / "model.safetensors", lambda: (grpo(plan), export(plan.out, vocab, tried)))
            best, scores = self.better(best, scores, tried, self.score("after-reinforcement", tried))

            # 3. Fine-tuning on its own right replies.
            kept = self.work / "kept.jsonl"
            self.stage("rejection-sampling", kept, lambda: sample(Sampling(best, kept, 12, 3)))
            tuned = self.trained("fine-tuned", best, partial(mixed, kept), 1200, 4, (0.0015, 0.001), fall=1.0, warm=20)
            best, scores = self.better(best, scores, tuned, self.score("after-fine-tuning", tuned))

        final = self.score("final", best, full=True)
        print(f"kept: {best.name}; minutes: { {k: round(v / 60, 1) for k, v in self.seconds.items()} }", flush=True)
        if out:
            (out / "model").mkdir(parents=True, exist_ok=True)
            for file in best.iterdir():
                shutil.copy(file, out / "model" / file.name)
            write_suite(out / "suite.jsonl")
            final["minutes"] = {k: round(v / 60, 1) for k, v in self.seconds.items()}
            (self.work / "scores.json").write_text(json.dumps(final, indent=1))

    @staticmethod
    def better(a: Path, a_scores: dict, b: Path, b_scores: dict):
        """The second only if it measurably helps."""
        helps = b_scores["thinking"]["all"] > a_scores["thinking"]["all"]
        return (b, b_scores) if helps else (a, a_scores)


if __name__ == "__main__":
    folders = [Path(arg) for arg in sys.argv[1:] if arg != "--reinforce"]
    Recipe(folders[0]).run(folders[1] if len(folders) > 1 else None, "--reinforce" in sys.argv)
