"""What every kind of problem gives."""

from collections.abc import Callable
from dataclasses import dataclass

from writer import Writer


@dataclass(frozen=True)
class Problem:
    kind: str
    # What decides on which side of the split it falls.
    operands: str
    question: str
    # What stands in the box; None for a question out of reach.
    answer: str | None
    # The reply after the reasoning.
    reply: str
    # Writes the reasoning; returns what it arrived at, as it stands in the box.
    think: Callable[[Writer], str | None]


OPENINGS = (
    "Okay, so I need to {task}.",
    "Okay, I need to {task}.",
    "Alright, let me {task}.",
    "Alright, so I have to {task}.",
    "Let me see. I have to {task}.",
    "Hmm, I need to {task}.",
    "So I want to {task}.",
    "First, let me see what is asked: to {task}.",
)

ENDINGS = (
    "So the answer is {answer}.",
    "So the answer is {answer}.",
    "Therefore, the answer is {answer}.",
    "That gives {answer}.",
)

REPLIES = (
    "The answer is {box}.",
    "The answer is {box}.",
    "**Answer:** {box}",
    "The result is {box}.",
)


def boxed(answer: str) -> str:
    return f"\\boxed{{{answer}}}"


def opening(w: Writer, task: str) -> None:
    w.say(*(o.format(task=task) for o in OPENINGS))
    w.paragraph()


def ending(w: Writer, answer: str) -> None:
    w.paragraph()
    w.say(*(e.format(answer=answer) for e in ENDINGS))


def reply(rng, answer: str) -> str:
    return rng.choice(REPLIES).format(box=boxed(answer))
