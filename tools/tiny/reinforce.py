"""Group-relative policy optimisation with rule rewards, and rejection sampling."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import torch
import torch.distributed as dist
import torch.nn.functional as F

import judge
import problems
from model import Model, fast, generate, load
from train import PROCESSES, Codec, Optimiser, Sequence, average, fresh, join, spawn, tensors

GROUP = 8  # replies to each problem
GROUPS = 24  # problems of a step and process
MOST = 640  # tokens of a reply


def reward(problem: problems.Problem, reply: str) -> float:
    """Accuracy 1, format 0.2; a reply in anything but plain English text has neither."""
    if any(c != "\n" and not " " <= c <= "~" for c in reply):
        return 0.0
    right = judge.right(problem, reply)
    formed = judge.well_formed(reply) or problem.answer is None
    return 1.0 * right + 0.2 * formed


def drawn(rng: Random, n: int) -> list[problems.Problem]:
    kinds, weights = problems.mix()
    chosen = rng.choices(kinds, weights, k=n)
    return [problems.out_of_reach(rng) if k == "outside" else problems.draw(rng, k) for k in chosen]


def replies(model: Model, codec: Codec, asked: list[problems.Problem], each: int, temperature: float, seed: int):
    """`each` replies to every problem, with the ids of prompt and reply."""
    prompts = [codec.ids(problems.prompt(p.question)) for p in asked for _ in range(each)]
    new = generate(model, prompts, codec.eos, MOST, temperature, seed)
    return [(p, ids, codec.text(ids).removesuffix(problems.EOS)) for p, ids in zip(prompts, new)]


@dataclass(frozen=True)
class Reinforcement:
    folder: Path
    out: Path
    steps: int
    seed: int
    matrix_rate: float
    other_rate: float


def grpo(plan: Reinforcement) -> None:
    spawn(partial(_grpo, plan=plan))


def _grpo(rank: int, plan: Reinforcement) -> None:
    join(rank, plan.seed)
    model, codec = load(plan.folder), Codec(plan.folder)
    optimiser = Optimiser(model, plan.matrix_rate, plan.other_rate)
    rng = Random(plan.seed * PROCESSES + rank)
    for step in range(plan.steps):
        clock = time.time()
        asked = drawn(rng, GROUPS)
        written = replies(model, codec, asked, GROUP, 1.0, rng.getrandbits(30))
        gains = torch.tensor([reward(asked[i // GROUP], text) for i, (_, _, text) in enumerate(written)]).view(GROUPS, GROUP)
        edge = (gains - gains.mean(1, keepdim=True)) / (gains.std(1, keepdim=True) + 1e-4)
        rows = [(p + new, [False] * len(p) + [True] * len(new), a) for (p, new, _), a in zip(written, edge.flatten().tolist()) if abs(a) > 1e-3]
        model.train()
        learnt = _policy_gradient(model, sorted(rows, key=lambda row: len(row[0])))
        _, mean = average(model, learnt, gains.mean().item())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step(min(1.0, (step + 1) / 5, (plan.steps - step) / 10))
        if rank == 0:
            print(f"step {step + 1}/{plan.steps}  reward {mean / PROCESSES:.4f}  {len(rows)} of {len(written)} replies told something  {time.time() - clock:.0f} s", flush=True)
    if rank == 0:
        torch.save({"model": model.state_dict()}, plan.out)
    dist.destroy_process_group()


def _policy_gradient(model: Model, rows: list[tuple[list[int], list[bool], float]]) -> int:
    """Adds the gradient of -advantage * log p, summed over tokens; returns their number."""
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    learnt = 0
    for at in range(0, len(rows), 16):
        some = rows[at : at + 16]
        x, y = tensors([(ids, learn) for ids, learn, _ in some])
        edge = torch.tensor([a for _, _, a in some])[:, None].expand_as(y)
        with fast():
            wanted = y != -100
            logits = model.logits(model(x)[wanted])
        loss = (F.cross_entropy(logits.float(), y[wanted], reduction="none") * edge[wanted]).sum()
        loss.backward()
        learnt += int(wanted.sum())
    return learnt


@dataclass(frozen=True)
class Sampling:
    folder: Path
    out: Path  # a JSON line for every reply that is kept
    rounds: int
    seed: int
    each: int = 4
    temperature: float = 1.0


def sample(plan: Sampling) -> None:
    spawn(partial(_sample, plan=plan))


def _sample(rank: int, plan: Sampling) -> None:
    """Keeps right replies all of whose equations hold; two where not all were right, else one in four."""
    join(rank, plan.seed)
    model, codec = load(plan.folder), Codec(plan.folder)
    rng = Random(plan.seed * PROCESSES + rank)
    part = plan.out.with_suffix(f".{rank}")
    kept = right = 0
    with part.open("w") as out:
        for _ in range(plan.rounds):
            asked = drawn(rng, 48)
            texts = [text for _, _, text in replies(model, codec, asked, plan.each, plan.temperature, rng.getrandbits(30))]
            for i, p in enumerate(asked):
                group = texts[i * plan.each : (i + 1) * plan.each]
                good = [t for t in group if judge.right(p, t)]
                right += len(good)
                fit = sorted({t for t in good if p.answer is None or judge.well_formed(t) and all(ok for _, ok in judge.equations(t))})
                rng.shuffle(fit)
                most = 2 if len(good) < plan.each else int(rng.random() < 0.25)
                for text in fit[:most]:
                    kept += 1
                    out.write(json.dumps([p.question, text]) + "\n")
    print(f"process {rank}: {100 * right / (plan.rounds * 48 * plan.each):.1f}% right, {kept} replies kept", flush=True)
    dist.barrier()
    if rank == 0:
        plan.out.write_text("".join(plan.out.with_suffix(f".{r}").read_text() for r in range(PROCESSES)))
    dist.destroy_process_group()


def mixed(file: Path, codec: Codec, seed: int) -> Iterator[Sequence]:
    """One in two examples is a kept reply, the other fresh."""
    rng = Random(seed)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    new = fresh(codec, seed)
    while True:
        yield next(new)
        question, text = rng.choice(lines)
        yield codec.encode([(problems.prompt(question), False), (text + problems.EOS, True)])
