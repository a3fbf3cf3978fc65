"""Fractions and percentages."""

from fractions import Fraction
from random import Random

from problem import Problem, boxed, ending, opening, reply
from whole import SIGNS
from writer import Writer


def _shown(f: Fraction) -> str:
    return str(f)


def _lowest(w: Writer, n: int, d: int) -> str:
    """Brings n/d to lowest terms, in words; d >= 1, n >= 0."""
    if n == 0:
        w.say(f"{n}/{d} = 0. ")
        return "0"
    if d == 1:
        w.say(f"{n}/1 = {n}. ")
        return str(n)
    if n == 1:
        w.say(f"{n}/{d} is in lowest terms. ")
        return f"{n}/{d}"
    w.say(f"To simplify {n}/{d}: ")
    x, y = max(n, d), min(n, d)
    while y:
        r = w.remainder(x, y)
        w.say(". ")
        x, y = y, r
    w.say(f"The gcd is {x}")
    if x == 1:
        w.say(f" and {n}/{d} is in lowest terms. ")
        return f"{n}/{d}"
    w.say(". ")
    top = w.divide(n, x)[0]
    w.say(" and " if x < 10 else ". ")
    bottom = w.divide(d, x)[0]
    out = str(top) if bottom == 1 else f"{top}/{bottom}"
    w.say(f", so {n}/{d} = {out}. ")
    return out


def fraction(rng: Random) -> Problem:
    kind = rng.choices("+-*/sn", weights=(3, 3, 2, 2, 2, 2))[0]
    if kind == "s":
        return _simplify(rng)
    if kind == "n":
        return _of(rng)
    while True:
        b, d = rng.randrange(2, 13), rng.randrange(2, 13)
        a, c = rng.randrange(1, b + 2), rng.randrange(1, d + 2)
        if kind != "-" or Fraction(a, b) >= Fraction(c, d):
            break
    x, y = Fraction(a, b), Fraction(c, d)
    exact = x + y if kind == "+" else x - y if kind == "-" else x * y if kind == "*" else x / y
    answer = _shown(exact)
    shown = f"{a}/{b} {kind} {c}/{d}"

    def think(w: Writer) -> str:
        opening(w, f"work out {shown}")
        if kind in "+-":
            n, m = _same(w, a, b, c, d, kind)
        elif kind == "*":
            w.say("Multiply the tops and the bottoms. ", "Top times top, bottom times bottom. ")
            n = w.mul(a, c)
            w.say(" and ")
            m = w.mul(b, d)
        else:
            w.say(f"Dividing by {c}/{d} is multiplying by {d}/{c}. ")
            n = w.mul(a, d)
            w.say(" and ")
            m = w.mul(b, c)
        w.say(f", so {shown} = {n}/{m}.")
        w.paragraph()
        result = _lowest(w, n, m)
        ending(w, result)
        return result

    sign = rng.choice(SIGNS[kind][:-1] if kind != "/" else ("\u00f7", "/", "divided by"))
    words = rng.choice(("What is {e}?", "Calculate {e}.", "Work out {e} in lowest terms.", "{e}", "Compute {e}.", "What is {e} as a fraction?"))
    question = words.format(e=f"{a}/{b} {sign} {c}/{d}")
    said = f"{shown} = {boxed(answer)}" if rng.random() < 0.5 else reply(rng, answer)
    return Problem("fraction", f"{a}/{b}{kind}{c}/{d}", question, answer, said, think)


def _same(w: Writer, a: int, b: int, c: int, d: int, op: str) -> tuple[int, int]:
    """Numerator and denominator of a/b op c/d over a common denominator."""
    if b == d:
        w.say(f"The denominators are {b} and {d}, the same. ")
        x, y, m = a, c, b
    else:
        w.say(f"The denominators are {b} and {d}, not the same. ")
        m = w.mul(b, d)
        w.say(". ")
        x = w.mul(a, d)
        w.say(f", so {a}/{b} = {x}/{m}. ")
        y = w.mul(c, b)
        w.say(f", so {c}/{d} = {y}/{m}. ")
    n = w.add(x, y) if op == "+" else w.sub(x, y)
    return n, m


def _simplify(rng: Random) -> Problem:
    while True:
        g = rng.randrange(1, 13)
        a, b = g * rng.randrange(1, 13), g * rng.randrange(2, 13)
        if b < 100 and a < 100 and a != b:
            break
    answer = _shown(Fraction(a, b))
    question = rng.choice(("Simplify {a}/{b}.", "Reduce {a}/{b} to lowest terms.", "Write {a}/{b} in lowest terms.", "What is {a}/{b} in simplest form?", "Simplify the fraction {a}/{b}.")).format(a=a, b=b)

    def think(w: Writer) -> str:
        opening(w, f"simplify {a}/{b}")
        result = _lowest(w, a, b)
        ending(w, result)
        return result

    return Problem("fraction", f"{a}/{b}", question, answer, reply(rng, answer), think)


def _of(rng: Random) -> Problem:
    b = rng.randrange(2, 13)
    a = rng.randrange(1, b)
    n = b * rng.randrange(2, 60)
    answer = str(n // b * a)
    question = rng.choice(("What is {a}/{b} of {n}?", "Calculate {a}/{b} of {n}.", "How much is {a}/{b} of {n}?", "Find {a}/{b} of {n}.")).format(a=a, b=b, n=n)

    def think(w: Writer) -> str:
        opening(w, f"find {a}/{b} of {n}")
        w.say(f"First 1/{b} of {n}. ", "I divide by the bottom first. ")
        part = w.divide(n, b)[0]
        w.say(". ")
        if a == 1:
            whole = part
        else:
            w.say(f"Now {a} of these: ", "Then times the top: ")
            whole = w.mul(part, a)
            w.say(".")
        ending(w, str(whole))
        return str(whole)

    return Problem("fraction", f"{a}/{b}of{n}", question, answer, reply(rng, answer), think)


def percent(rng: Random) -> Problem:
    way = rng.choices(("of", "up", "down", "what"), weights=(4, 2, 2, 2))[0]
    while True:
        p = rng.choice((1, 2, 4, 6, 8, 12, 15, 16, 24, 32, 35, 45, 48, 55, 65, 85)) if rng.random() < 0.4 else rng.randrange(5, 100, 5)
        n = rng.choice((10 * rng.randrange(2, 100), 100 * rng.randrange(1, 31), 20 * rng.randrange(1, 50), rng.randrange(2, 25) * 4))
        if p * n % 100 == 0 and n < 4000:
            break
    part = p * n // 100
    if way == "what":
        return _what_percent(rng, part, n, p)
    total = part if way == "of" else n + part if way == "up" else n - part
    answer = str(total)
    asks = {
        "of": ("What is {p}% of {n}?", "Calculate {p}% of {n}.", "How much is {p}% of {n}?", "{p}% of {n}", "Find {p} percent of {n}.", "What is {p} percent of {n}?"),
        "up": ("Increase {n} by {p}%.", "What is {n} increased by {p}%?", "A price of {n} dollars rises by {p}%. What is the new price?"),
        "down": ("Decrease {n} by {p}%.", "What is {n} reduced by {p}%?", "A price of {n} dollars falls by {p}%. What is the new price?"),
    }
    question = rng.choice(asks[way]).format(p=p, n=n)

    def think(w: Writer) -> str:
        tasks = {"of": f"find {p}% of {n}", "up": f"make {n} larger by {p}%", "down": f"make {n} smaller by {p}%"}
        opening(w, tasks[way])
        w.say(f"{p}% of {n} is {p} * {n} / 100. ", f"I multiply by {p} and divide by 100. ")
        product = w.mul(p, n)
        w.say(". ")
        x = w.eq(f"{product} / 100", product // 100)
        w.say(".")
        if way != "of":
            w.paragraph()
            w.say("It is to be larger, so I add it: " if way == "up" else "It is to be smaller, so I take it away: ")
            x = w.add(n, x) if way == "up" else w.sub(n, x)
            w.say(".")
        ending(w, str(x))
        return str(x)

    said = f"{p}% of {n} is {boxed(answer)}." if way == "of" and rng.random() < 0.4 else reply(rng, answer)
    return Problem("percent", f"{way}:{p},{n}", question, answer, said, think)


def _what_percent(rng: Random, part: int, n: int, p: int) -> Problem:
    answer = f"{p}%"
    question = rng.choice(("What percent of {n} is {m}?", "{m} is what percent of {n}?", "What percentage of {n} is {m}?", "Express {m} as a percentage of {n}.")).format(n=n, m=part)

    def think(w: Writer) -> str:
        opening(w, f"see what percent of {n} is {part}")
        w.say(f"That is {part} * 100 / {n}. ")
        x = w.eq(f"{part} * 100", part * 100)
        w.say(". ")
        a, d = x, n
        while a % 10 == 0 and d % 10 == 0:
            a, d = a // 10, d // 10
        if d != n:
            w.say(f"{x} / {n} = {a} / {d}. ")
        q = a if d == 1 else w.divide(a, d)[0]
        w.say(f"So it is {q}%." if d == 1 else ".")
        ending(w, f"{q}%")
        return f"{q}%"

    return Problem("percent", f"what:{part},{n}", question, answer, reply(rng, answer), think)
