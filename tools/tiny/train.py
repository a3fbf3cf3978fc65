"""One stage of training: batches, optimiser, schedule, checkpoints."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

import problems
from model import Model, fast, load
from muon import Muon

PROCESSES = 2


class Codec:
    """Pieces of text to ids, and which of them are to be learnt."""

    def __init__(self, folder: Path):
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.eos = self.tokenizer.token_to_id(problems.EOS)

    def ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def text(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=False)

    def encode(self, pieces: list[tuple[str, bool]]) -> tuple[list[int], list[bool]]:
        """A token is learnt where the piece that it begins in is."""
        whole = self.tokenizer.encode("".join(text for text, _ in pieces), add_special_tokens=False)
        flags: list[bool] = []
        for text, learn in pieces:
            flags += [learn] * len(text)
        return whole.ids, [flags[start] for start, _ in whole.offsets]


Sequence = tuple[list[int], list[bool]]


def fresh(codec: Codec, seed: int) -> Iterator[Sequence]:
    """Examples made on the fly, for ever."""
    rng = Random(seed)
    kinds, weights = problems.mix()
    while True:
        yield codec.encode(problems.example(rng, kinds, weights).pieces)


def batches(examples: Iterator[Sequence], tokens: int, seed: int, rank: int) -> Iterator[list[Sequence]]:
    """Batches of about equal length: a pool is sorted, cut up, and the cuts shuffled.

    All processes see the same cuts and take turns in them, so that none waits for another;
    together they have at most `tokens`, padding included.
    """
    rng = Random(seed)
    cut: list[Sequence] = []
    while True:
        pool = sorted([*cut, *(next(examples) for _ in range(1500))], key=lambda s: len(s[0]))
        cuts, cut = [], []
        for sequence in pool:
            if len(cut) % PROCESSES == 0 and (len(cut) + PROCESSES) * len(sequence[0]) > tokens:
                cuts.append(cut)
                cut = []
            cut.append(sequence)
        rng.shuffle(cuts)
        for full in cuts:
            yield full[rank::PROCESSES]


def tensors(batch: list[Sequence]) -> tuple[Tensor, Tensor]:
    """ids and targets, [rows, t]; -100 where nothing is learnt."""
    longest = max(len(ids) for ids, _ in batch)
    x = torch.zeros(len(batch), longest, dtype=torch.long)
    y = torch.full((len(batch), longest), -100)
    for i, (ids, learn) in enumerate(batch):
        x[i, : len(ids)] = torch.tensor(ids)
        y[i, : len(ids) - 1] = torch.tensor([t if keep else -100 for t, keep in zip(ids[1:], learn[1:])])
    return x, y


def loss_of(model: Model, x: Tensor, y: Tensor) -> Tensor:
    """The sum over the learnt tokens."""
    with fast():
        hidden = model(x)
        wanted = y != -100
        logits = model.logits(hidden[wanted])
    return F.cross_entropy(logits.float(), y[wanted], reduction="sum")


class Optimiser:
    """Muon for the matrices of the layers, AdamW for all else."""

    def __init__(self, model: Model, matrix_rate: float, other_rate: float):
        matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embed" not in n]
        others = [p for n, p in model.named_parameters() if p.dim() != 2 or "embed" in n]
        self.parts = [
            Muon(matrices, lr=matrix_rate, weight_decay=0.01, momentum=0.95),
            torch.optim.AdamW(others, lr=other_rate, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self.rates = (matrix_rate, other_rate)

    def step(self, scale: float) -> None:
        for part, rate in zip(self.parts, self.rates):
            for group in part.param_groups:
                group["lr"] = rate * scale
            part.step()
            part.zero_grad(set_to_none=True)


def schedule(step: int, steps: int, warm: int, fall: float) -> float:
    """Warm-up, level, then straight down to zero over the last `fall` of the steps."""
    return min(1.0, (step + 1) / warm, (steps - step) / max(1, fall * steps))


def average(model: Model, tokens: int, loss: float) -> tuple[int, float]:
    """Adds up gradients, tokens and loss of all processes; gradients become means per token."""
    grads = [p.grad for p in model.parameters()]
    flat = torch.cat([g.flatten() for g in grads] + [torch.tensor([tokens, loss])])
    dist.all_reduce(flat)
    tokens, loss = int(flat[-2]), float(flat[-1])
    at = 0
    for g in grads:
        g.copy_(flat[at : at + g.numel()].view_as(g)).div_(tokens)
        at += g.numel()
    return tokens, loss


@dataclass(frozen=True)
class Plan:
    """A stage: where it starts, what it reads, how long and how fast."""

    folder: Path  # tokenizer, and the weights to start from where there are any
    out: Path  # checkpoint, gone on from if it is there
    examples: Callable[[Codec, int], Iterator[Sequence]]  # of a codec and a seed
    steps: int
    seed: int
    matrix_rate: float
    other_rate: float
    fall: float = 0.4
    warm: int = 100
    tokens: int = 12288  # of a batch, padding included
    every: int = 50


def spawn(work: Callable[[int], None]) -> None:
    """Two processes of one thread each: no waiting within an operation."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MEETING"] = f"file://{folder}/meeting"
        os.environ["THP_MEM_ALLOC_ENABLE"] = "1"  # 2 MB pages for tensors: a sixth of the time less
        if "AuthenticAMD" in Path("/proc/cpuinfo").read_text():
            os.environ["LD_PRELOAD"] = as_intel(folder)
        mp.spawn(work, nprocs=PROCESSES)


def as_intel(folder: str) -> str:
    """A library that has MKL choose by what a processor can do, not by who made it: products take a fifth of their time less."""
    library = f"{folder}/as_intel.so"
    code = "int mkl_serv_intel_cpu_true(void) { return 1; }"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=code, text=True, check=True)
    return library


def join(rank: int, seed: int) -> None:
    """Makes this process one of the two."""
    dist.init_process_group("gloo", init_method=os.environ["MEETING"], rank=rank, world_size=PROCESSES)
    torch.set_num_threads(1)
    torch.manual_seed(seed)


def train(plan: Plan) -> None:
    spawn(partial(_train, plan=plan))


def _train(rank: int, plan: Plan) -> None:
    join(rank, plan.seed)
    has_weights = (plan.folder / "model.safetensors").exists()
    model = load(plan.folder) if has_weights else Model()
    optimiser = Optimiser(model, plan.matrix_rate, plan.other_rate)
    begin = 0
    if plan.out.exists():
        state = torch.load(plan.out)
        begin = state["step"]
        model.load_state_dict(state["model"])
        for part, saved in zip(optimiser.parts, state["optimiser"]):
            part.load_state_dict(saved)
    # A run that is gone on from sees new examples, not the old ones again.
    seed = hash((plan.seed, begin))
    supply = batches(plan.examples(Codec(plan.folder), seed), plan.tokens, seed, rank)
    model.train()
    for layer in model.layers:
        layer.compile(dynamic=True)  # a third of the time less: most of it is spent between the matrix products
    clock, tokens, total, learnt = time.time(), 0, 0.0, 0
    for step in range(begin, plan.steps):
        x, y = tensors(next(supply))
        loss = loss_of(model, x, y)
        loss.backward()
        n, summed = average(model, int((y != -100).sum()), loss.item())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step(schedule(step, plan.steps, plan.warm, plan.fall))
        tokens, total, learnt = tokens + PROCESSES * x.numel(), total + summed, learnt + n
        if rank == 0 and (step + 1) % plan.every == 0:
            rate = tokens / (time.time() - clock)
            print(f"step {step + 1}/{plan.steps}  loss {total / learnt:.4f}  {rate:.0f} tokens/s", flush=True)
            clock, tokens, total, learnt = time.time(), 0, 0.0, 0
        if rank == 0 and ((step + 1) % 100 == 0 or step + 1 == plan.steps):
            state = {"step": step + 1, "model": model.state_dict(), "optimiser": [p.state_dict() for p in optimiser.parts]}
            part = plan.out.with_suffix(".part")
            torch.save(state, part)
            part.rename(plan.out)
    dist.destroy_process_group()
