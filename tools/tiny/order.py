"""Which number is larger, and numbers in order."""

from random import Random

from problem import Problem, boxed, ending, opening, reply
from writer import Writer

PLACES = ("ones", "tens", "hundreds", "thousands")


def compare(rng: Random) -> Problem:
    return rng.choice((_whole, _whole, _decimal, _fraction))(rng)


def _asked(rng: Random, a: str, b: str, larger: bool) -> str:
    word = rng.choice(("larger", "bigger", "greater")) if larger else rng.choice(("smaller", "less"))
    return rng.choice(
        (
            f"Which is {word}, {a} or {b}?",
            f"Which number is {word}: {a} or {b}?",
            f"Compare {a} and {b}: which one is {word}?",
            f"What is {word}, {a} or {b}?",
            f"Of {a} and {b}, which is {word}?",
        )
    )


def _problem(rng: Random, a: str, b: str, a_wins: bool, larger: bool, walk) -> Problem:
    answer = a if a_wins else b
    word = "larger" if larger else "smaller"

    def think(w: Writer) -> str:
        opening(w, f"compare {a} and {b} and find the {word} one")
        walk(w)
        low, high = (b, a) if a_wins == larger else (a, b)
        w.say(f" So {low} is smaller and {high} is larger.")
        ending(w, answer)
        return answer

    said = f"{boxed(answer)} is {word}." if rng.random() < 0.5 else reply(rng, answer)
    return Problem("compare", f"{a},{b}", _asked(rng, a, b, larger), answer, said, think)


def _digits_differ(w: Writer, a: str, b: str, names: list[str]) -> None:
    """From the left to the first digit that differs."""
    for x, y, name in zip(a, b, names):
        w.say(f"The {name} are {x} and {y}, ")
        if x != y:
            w.say(f"{'more' if x > y else 'less'}.")
            break
        w.say("same. ")


def _whole(rng: Random) -> Problem:
    n = rng.choice((2, 3, 3, 4))
    a = rng.randrange(10 ** (n - 1), 10**n)
    near = rng.random() < 0.7
    while True:
        b = a + rng.choice((-1, 1)) * rng.randrange(1, 10 ** rng.randrange(1, n + 1)) if near else rng.randrange(2, 10**4)
        if b != a and 2 <= b < 10**4:
            break
    larger = rng.random() < 0.6

    def walk(w: Writer) -> None:
        x, y = str(a), str(b)
        if len(x) != len(y):
            w.say(f"{a} has {len(x)} digits and {b} has {len(y)}, {'more' if len(x) > len(y) else 'less'}.")
        else:
            w.say(f"{a} has {len(x)} digits and {b} has {len(y)}, same. ")
            _digits_differ(w, x, y, list(reversed(PLACES[: len(x)])))

    return _problem(rng, str(a), str(b), (a > b) == larger, larger, walk)


def _decimal(rng: Random) -> Problem:
    n = rng.randrange(0, 20)
    while True:
        p, q = rng.randrange(1, 4), rng.randrange(1, 4)
        a = f"{n}.{rng.randrange(1, 10**p):0{p}d}"
        b = f"{n if rng.random() < 0.85 else n + rng.choice((-1, 1)) if n else 1}.{rng.randrange(1, 10**q):0{q}d}"
        if float(a) != float(b):
            break
    larger = rng.random() < 0.6

    def walk(w: Writer) -> None:
        m = max(p, q)
        (ai, af), (bi, bf) = a.split("."), b.split(".")
        if ai != bi:
            w.say(f"The whole parts are {ai} and {bi}: ")
            w.order(int(ai), int(bi))
            w.say(".")
        else:
            w.say(f"The whole parts are {ai} and {bi}, same. ")
            if p != q:
                w.say(f"With the same number of places they are {ai}.{af:0<{m}} and {bi}.{bf:0<{m}}. ")
            _digits_differ(w, af.ljust(m, "0"), bf.ljust(m, "0"), ["tenths", "hundredths", "thousandths"])

    return _problem(rng, a, b, (float(a) > float(b)) == larger, larger, walk)


def _fraction(rng: Random) -> Problem:
    while True:
        b, d = rng.randrange(2, 13), rng.randrange(2, 13)
        a, c = rng.randrange(1, b + 3), rng.randrange(1, d + 3)
        if a * d != b * c and b != d:
            break
    larger = rng.random() < 0.6

    def walk(w: Writer) -> None:
        w.say(f"I compare {a} * {d} with {c} * {b}. ", f"Cross-multiplying: ")
        x = w.eq(f"{a} * {d}", a * d)
        w.say(" and ")
        y = w.eq(f"{c} * {b}", c * b)
        w.say(f". {x} to {y}: ")
        sign = ">" if w.order(x, y) > 0 else "<"
        w.say(f". So {a}/{b} {sign} {c}/{d}.")

    return _problem(rng, f"{a}/{b}", f"{c}/{d}", (a * d > b * c) == larger, larger, walk)


def sort(rng: Random) -> Problem:
    n = rng.choice((3, 4, 4, 5, 5, 6))
    most = rng.choice((50, 100, 100, 1000))
    numbers = rng.sample(range(1, most), n)
    up = rng.random() < 0.6
    listed = ", ".join(map(str, numbers))
    result = sorted(numbers, reverse=not up)
    answer = ", ".join(map(str, result))
    question = rng.choice(
        (
            ("Sort {l} from smallest to largest.", "Put these numbers in ascending order: {l}.", "Order from least to greatest: {l}", "Arrange {l} in increasing order.", "Sort {l}.")
            if up
            else ("Sort {l} from largest to smallest.", "Put these numbers in descending order: {l}.", "Order from greatest to least: {l}", "Arrange {l} in decreasing order.")
        )
    ).format(l=listed)

    def think(w: Writer) -> str:
        opening(w, f"sort {listed}, {'smallest' if up else 'largest'} first")
        left, out = list(numbers), []
        while left:
            pick = left[0]
            w.say(f"From {pick}")
            for i, x in enumerate(left[1:]):
                w.say(": " if i == 0 else ", ")
                w.say(f"{x} (")
                if w.order(x, pick) == (-1 if up else 1):
                    pick = x
                    w.say(f", now {x}")
                w.say(")")
            left.remove(pick)
            out.append(pick)
            rest = ", ".join(map(str, left))
            w.say(f", so {pick}. In order: {', '.join(map(str, out))}. ")
            w.say(f"Left: {rest}.\n" if left else "None left.")
        w.paragraph()
        w.say(f"{n} numbers came in and {n} go out.", f"Check: {n} numbers, as before.")
        ending(w, answer)
        return answer

    return Problem("sort", listed, question, answer, reply(rng, answer), think)
