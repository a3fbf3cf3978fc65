"""All kinds of problem, the split, and what a training example looks like."""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from random import Random

import calendars
import divisors
import equations
import order
import parts
import stories
import whole
from outside import outside
from problem import Problem
from writer import Slip, Writer

BOS, EOS = "<\uff5cbegin\u2581of\u2581sentence\uff5c>", "<\uff5cend\u2581of\u2581sentence\uff5c>"
USER, ASSISTANT = "<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>"
OPEN, CLOSE = "<think>", "</think>"
MARKUP = (BOS, EOS, USER, ASSISTANT, OPEN, CLOSE)

# Kind: how to draw one, and how often it is trained on.
KINDS = {
    "add": (whole.add, 4),
    "sub": (whole.sub, 5),
    "mul": (whole.mul, 9),
    "div": (whole.div, 11),
    "expr": (whole.expr, 12),
    "compare": (order.compare, 8),
    "sort": (order.sort, 8),
    "gcd": (divisors.common, 9),
    "factors": (divisors.factors, 6),
    "fraction": (parts.fraction, 9),
    "percent": (parts.percent, 6),
    "clock": (calendars.clock, 7),
    "date": (calendars.date, 11),
    "linear": (equations.linear, 7),
    "words1": (partial(stories.story, steps=1), 5),
    "words2": (partial(stories.story, steps=2), 6),
    "words3": (partial(stories.story, steps=3), 7),
}

REFUSALS = (
    "I'm a very small model for arithmetic, so I can't help with that.",
    "Sorry, that is beyond me: I only know a little arithmetic.",
    "I don't know. I can only do small arithmetic problems.",
)

DOUBTS = (
    "Hmm, this is not arithmetic that I know how to do. I should say so.",
    "This isn't something I can work out. Better to say so than to guess.",
    "I don't know how to answer this one. I'll be honest about it.",
)


def held_out(problem: Problem) -> bool:
    """The split: one problem in sixteen, by a hash of its kind and operands, is never trained on."""
    text = f"{problem.kind}:{problem.operands}"
    return sha256(text.encode()).digest()[0] % 16 == 0


def draw(rng: Random, kind: str, held: bool = False) -> Problem:
    """A problem of a kind, from one side of the split."""
    while True:
        problem = KINDS[kind][0](rng)
        if held_out(problem) == held:
            return problem


def out_of_reach(rng: Random) -> Problem:
    question = outside(rng) if rng.random() < 0.8 else too_large(rng)

    def think(w: Writer) -> None:
        w.say(*DOUBTS)

    return Problem("outside", "", question, None, rng.choice(REFUSALS), think)


def too_large(rng: Random) -> str:
    """Arithmetic beyond what is taught."""
    a, b = rng.randrange(10**5, 10 ** rng.randrange(6, 10)), rng.randrange(10**4, 10**7)
    n = rng.randrange(2, 1000)
    return rng.choice(
        (
            f"What is {a} * {b}?",
            f"{a} / {b}",
            f"Calculate {a} + {b}.",
            f"What is {a} - {b}?",
            f"What is the square root of {n}?",
            f"sqrt({n})",
            f"What is {n % 50 + 2} to the power of {n % 13 + 5}?",
            f"{n}^{n % 9 + 3}",
            f"What is {n}!?",
            f"log({n})",
            f"Solve x^2 + {n}x - {n % 77} = 0.",
            f"What is sin({n})?",
        )
    )


@dataclass(frozen=True)
class Example:
    """A conversation in pieces, each with whether it is to be learnt."""

    kind: str
    pieces: list[tuple[str, bool]]


def prompt(question: str, before: str = "", think: bool = True) -> str:
    """As R1's chat template writes one turn; without thinking, the thought is closed at once."""
    tail = f"{OPEN}\n" + ("" if think else f"\n{CLOSE}\n\n")
    return f"{BOS}{before}{USER}{question}{ASSISTANT}{tail}"


def reason(problem: Problem, rng: Random, slip_rate: float = 0.35) -> list[tuple[str, bool]] | None:
    """The written reasoning, some with a slip; None if it went wrong after an unnoticed slip."""
    seed = rng.getrandbits(48)
    w = Writer(seed)
    reached = problem.think(w)
    if w.equations and rng.random() < slip_rate:
        w = Writer(seed, Slip(rng.randrange(w.equations), late=rng.random() < 0.45))
        try:
            reached = problem.think(w)
        except (ValueError, ZeroDivisionError):  # a number no step is made for
            return None
    return w.parts if reached == problem.answer else None


def example(rng: Random, kinds: list[str], weights: list[float]) -> Example:
    while True:
        kind = rng.choices(kinds, weights)[0]
        problem = out_of_reach(rng) if kind == "outside" else draw(rng, kind)
        thought = reason(problem, rng)
        if thought is not None and sum(len(t) for t, _ in thought) < 1900:
            return Example(kind, _told(rng, problem, thought))


def _told(rng: Random, problem: Problem, thought: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    before = _earlier_turn(rng) if rng.random() < 0.05 else "You are a helpful assistant." if rng.random() < 0.02 else ""
    question = _typed(rng, problem.question)
    answer = [(problem.reply + EOS, True)]
    how = rng.random()
    if how < 0.07:
        return [(prompt(question, before, think=False), False), *answer]
    opened = (prompt(question, before), False)
    if how < 0.14:
        # As a budget would leave it: to be read, not learnt.
        whole = "".join(t for t, _ in thought)
        return [opened, (whole[: rng.randrange(len(whole) + 1)], False), (f"\n{CLOSE}\n\n", False), *answer]
    return [opened, *thought, (f"\n{CLOSE}\n\n", True), *answer]


def _typed(rng: Random, question: str) -> str:
    """As people type it: now and then without the capital or the mark at the end."""
    if rng.random() < 0.1:
        question = question[0].lower() + question[1:]
    if rng.random() < 0.1 and question[-1] in ".?":
        question = question[:-1]
    return question


def _earlier_turn(rng: Random) -> str:
    kind = rng.choice(list(KINDS))
    problem = draw(rng, kind)
    return f"{USER}{problem.question}{ASSISTANT}{problem.reply}{EOS}"


def mix(rng: Random | None = None) -> tuple[list[str], list[float]]:
    """Kinds and their weights in training."""
    return [*KINDS, "outside"], [*(w for _, w in KINDS.values()), 3]
