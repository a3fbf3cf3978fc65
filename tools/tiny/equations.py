"""Linear equations a x + b = c with whole solutions, and some fractions."""

from fractions import Fraction
from random import Random

from problem import Problem, boxed, ending, opening, reply
from whole import CHECK
from parts import _lowest
from writer import Writer


def linear(rng: Random) -> Problem:
    v = rng.choice("xxxxynzt")
    a = rng.randrange(2, 13)
    whole = rng.random() < 0.88
    x = rng.randrange(-12, 31) if rng.random() < 0.6 else rng.randrange(1, 61)
    b = rng.choice((-1, 1)) * rng.randrange(1, 80)
    c = a * x + b
    if not whole:
        c = b + rng.randrange(1, 60)
        x = None
    solution = Fraction(c - b, a)
    answer = f"{v} = {solution}"
    left = f"{a}{v} {'+' if b > 0 else '-'} {abs(b)}"
    shown = f"{left} = {c}"
    form = rng.random()
    asked = f"{c} = {left}" if form < 0.1 else f"{b} + {a}{v} = {c}" if form < 0.2 and b > 0 else shown
    if rng.random() < 0.15:
        asked = asked.replace(f"{a}{v}", f"{a} * {v}")
    question = rng.choice(("Solve {e}.", "Solve {e} for {v}.", "Solve for {v}: {e}", "What is {v} if {e}?", "Find {v} such that {e}.", "If {e}, what is {v}?", "{e}, {v} = ?", "Solve the equation {e}.")).format(e=asked, v=v)

    def think(w: Writer) -> str:
        opening(w, f"solve {shown} for {v}")
        while True:
            if b > 0:
                w.say(f"I subtract {b} on both sides: ", f"Take away {b} on both sides. ")
                right = w.difference(c, b)
            else:
                w.say(f"I add {-b} on both sides: ", f"Add {-b} on both sides. ")
                right = w.add(c, -b)
            w.say(f", so {a}{v} = {right}.")
            w.paragraph()
            w.say(f"Now I divide by {a}: ", f"Divide by {a}. ")
            root, rest = w.divide(abs(right), a)
            if rest:
                return _fractional(w, v, right, a)
            if right < 0:
                w.say(", so ")
                root = w.eq(f"{right} / {a}", -root)
            w.say(".")
            w.paragraph()
            w.say(*CHECK)
            w.checking = True
            back = w.mul(a, root)
            w.say(", ")
            back = w.add(back, b) if b > 0 else w.sub(back, -b)
            w.checking = False
            w.say(". ")
            if w.verdict(back, c):
                break
        result = f"{v} = {root}"
        ending(w, result)
        return result

    said = f"The solution is {boxed(answer)}." if rng.random() < 0.5 else reply(rng, answer)
    return Problem("linear", f"{a},{b},{c}", question, answer, said, think)


def _fractional(w: Writer, v: str, right: int, a: int) -> str:
    w.say(f". That is not whole, so {v} = {right}/{a}.")
    w.paragraph()
    result = f"{v} = {_lowest(w, right, a)}"
    ending(w, result)
    return result
