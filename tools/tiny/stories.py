"""Word problems: a story drawn from words.py, told and worked out."""

from random import Random

import words
from problem import Problem, boxed, ending, opening, reply
from whole import CHECK, operate, verify
from writer import Writer

BY_STEPS = {1: words.ONE_STEP, 2: words.TWO_STEPS, 3: words.THREE_STEPS}

PLANS = (
    "Let me go step by step.",
    "I'll take it one step at a time.",
    "Let me see what I know first.",
    "Step by step.",
)


def story(rng: Random, steps: int) -> Problem:
    s = rng.choice(BY_STEPS[steps])
    while (numbers := words.draw(rng, s)) is None:
        pass
    a, b = rng.sample(words.NAMES, 2)
    thing, things = rng.choice(words.NOUNS[s.things])
    slots = {"a": a, "b": b, "thing": thing, "things": things, **numbers}
    known, asked = s.text.format(**slots), rng.choice(s.asks).format(**slots)
    text = _distracted(rng, known, slots) if rng.random() < 0.15 else known
    question = f"{text} {asked}"
    answer = str(numbers[s.steps[-1].name])
    unit = s.unit.format(**slots)

    def think(w: Writer) -> str:
        opening(w, f"find {_goal(s, unit)}")
        # What matters, in the story's own words: which story it is shows in what is said next.
        w.say(f"I know this: {known} And the question: {asked}")
        w.paragraph()
        if steps > 1:
            w.say(*PLANS)
            w.say(f" It takes {'two' if steps == 2 else 'three'} steps.")
            w.paragraph()
        while True:
            values = dict(numbers)
            for i, step in enumerate(s.steps, 1):
                if steps > 1:
                    w.say(f"Step {i}. ")
                x, y = values[step.left], values[step.right]
                w.say(f"{step.why.format(**slots)}: ")
                values[step.name] = operate(w, x, step.op, y)
                w.say(".")
                w.paragraph()
            w.say(*CHECK)
            last = s.steps[-1]
            if verify(w, values[last.left], last.op, values[last.right], values[last.name]):
                break
        result = str(values[last.name])
        ending(w, f"{result} {unit}".strip())
        return result

    said = f"The answer is {boxed(answer)} {unit}.".replace(" .", ".") if rng.random() < 0.6 else reply(rng, answer)
    # Constants (7 days a week) are no operands.
    drawn = [v for k, v in numbers.items() if k in s.numbers and s.numbers[k][0] != s.numbers[k][1]]
    return Problem(f"words{steps}", ",".join(map(str, drawn)), question, answer, said, think)


def _goal(s, unit: str) -> str:
    return f"the number of {unit}" if unit else "a number"


def _distracted(rng: Random, text: str, slots: dict) -> str:
    """The story with a number in it that does not matter."""
    sentence, low, high = rng.choice(words.DISTRACTORS)
    extra = sentence.format(n=rng.randint(low, high), **{k: slots[k] for k in "ab"})
    parts = text.split(". ")
    at = rng.randrange(1, len(parts) + 1)
    if at == len(parts):
        return f"{text} {extra}"
    return ". ".join(parts[:at]) + ". " + extra + " " + ". ".join(parts[at:])
