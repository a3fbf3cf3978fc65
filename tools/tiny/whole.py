"""Sums, differences, products, divisions and expressions of whole numbers."""

from random import Random

from problem import Problem, boxed, ending, opening, reply
from writer import Writer

SIGNS = {
    "+": ("+", "+", "+", "plus"),
    "-": ("-", "-", "\u2212", "minus"),
    "*": ("*", "*", "\u00d7", "x", "times"),
    "/": ("/", "/", "\u00f7", "divided by"),
}

ASKS = (
    "What is {e}?",
    "What is {e}?",
    "What is {e}?",
    "Calculate {e}.",
    "Compute {e}.",
    "Work out {e}.",
    "How much is {e}?",
    "{e}",
    "{e} = ?",
    "Find {e}.",
    "Please calculate {e}.",
    "Can you tell me what {e} is?",
    "Evaluate {e}.",
    "What does {e} equal?",
)

NAMED = {
    "+": ("What is the sum of {a} and {b}?", "Add {a} and {b}.", "Add {b} to {a}."),
    "-": ("What is the difference between {a} and {b}?", "Subtract {b} from {a}.", "Take {b} away from {a}."),
    "*": ("What is the product of {a} and {b}?", "Multiply {a} by {b}.", "Multiply {a} and {b}."),
    "/": ("Divide {a} by {b}.", "How often does {b} go into {a}?", "What is {a} divided by {b}?"),
}

CHECK = ("Let me check: ", "Check: ", "Let me double-check. ", "To be sure: ")
NINES = ("Let me check with digit sums. ", "Check by digit sums: ", "To be sure, digit sums: ")


def size(rng: Random, most: int) -> int:
    """A number of up to `most` digits, long ones more often."""
    n = rng.choices(range(1, most + 1), weights=range(1, most + 1))[0]
    return rng.randrange(10 ** (n - 1) if n > 1 else 2, 10**n)


def ask(rng: Random, op: str, a: int, b: int) -> str:
    if rng.random() < 0.25:
        return rng.choice(NAMED[op]).format(a=a, b=b)
    gap = "" if rng.random() < 0.12 else " "
    sign = rng.choice(SIGNS[op])
    if sign.isalpha():
        gap = " "
    return rng.choice(ASKS).format(e=f"{a}{gap}{sign}{gap}{b}")


def conclude(rng: Random, a: int, op: str, b: int, answer: str) -> str:
    if rng.random() < 0.5:
        return f"{a} {op} {b} = {boxed(answer)}"
    return reply(rng, answer)


def add(rng: Random) -> Problem:
    a, b = size(rng, 3), size(rng, 3)
    if rng.random() < 0.1:
        a, b = size(rng, 4), size(rng, 4)

    def think(w: Writer) -> str:
        opening(w, f"add {a} and {b}")
        while True:
            if max(a, b) >= 100:
                w.say("I add from the ones upwards. ", "Column by column, starting with the ones. ", "Adding the digits from the right. ")
            c = w.add(a, b)
            w.say(".")
            w.paragraph()
            w.say(*CHECK)
            if w.inverse("+", a, b, c):
                break
        ending(w, str(c))
        return str(c)

    answer = str(a + b)
    return Problem("add", f"{a},{b}", ask(rng, "+", a, b), answer, conclude(rng, a, "+", b, answer), think)


def sub(rng: Random) -> Problem:
    a, b = size(rng, 3), size(rng, 3)
    if rng.random() < 0.1:
        a, b = size(rng, 4), size(rng, 4)
    if a < b and rng.random() < 0.8:
        a, b = b, a

    def think(w: Writer) -> str:
        opening(w, f"subtract {b} from {a}")
        while True:
            if a >= 100:
                w.say("I subtract from the ones upwards. ", "Column by column, starting with the ones. ", "From the right, borrowing where needed. ")
            c = w.difference(a, b)
            w.say(".")
            w.paragraph()
            w.say(*CHECK)
            if c >= 0 and w.inverse("-", a, b, c):
                break
            if c < 0 and w.inverse("-", b, a, -c):
                break
        ending(w, str(c))
        return str(c)

    answer = str(a - b)
    return Problem("sub", f"{a},{b}", ask(rng, "-", a, b), answer, conclude(rng, a, "-", b, answer), think)


def mul(rng: Random) -> Problem:
    a, b = size(rng, 3), size(rng, 3)

    def think(w: Writer) -> str:
        opening(w, f"multiply {a} by {b}")
        while True:
            if min(a, b) >= 10:
                w.say("I split the second number by its digits. ", "Let me break it into partial products. ", "Digit by digit of the second number: ")
            c = w.mul(a, b, ".\n\n")
            w.say(".")
            w.paragraph()
            if max(a, b) < 10:
                w.say("That is in the tables.", "I know that one.")
                break
            if min(a, b) < 10 or w.rng.random() < 0.3:
                w.say(*CHECK)
                fits = w.last_digit(a, b, c)
            else:
                w.say(*NINES)
                fits = w.nines("*", a, b, c)
            if fits:
                break
        ending(w, str(c))
        return str(c)

    answer = str(a * b)
    return Problem("mul", f"{a},{b}", ask(rng, "*", a, b), answer, conclude(rng, a, "*", b, answer), think)


def div(rng: Random) -> Problem:
    if rng.random() < 0.55:
        d, a = rng.randrange(2, 10), size(rng, 4)
    else:
        d, a = rng.randrange(11, 100), size(rng, 4)
    if a < d:
        a += d
    if rng.random() < 0.35:
        a -= a % d
    q, r = divmod(a, d)
    answer = f"{q} remainder {r}" if r else str(q)

    def think(w: Writer) -> str:
        opening(w, f"divide {a} by {d}")
        while True:
            if a >= 10 * d:
                w.say("Long division, from the left. ", "Let me do the long division. ", "From the highest digit down. ")
            q, r = w.divide(a, d)
            w.say(".")
            w.paragraph()
            if d < 10 or q < 10:
                w.say(*CHECK)
                fits = _multiply_back(w, a, d, q, r)
            else:
                w.say(*NINES)
                fits = w.nines("*", d, q, a, r)
            if fits:
                break
        result = f"{q} remainder {r}" if r else str(q)
        ending(w, result)
        return result

    question = ask(rng, "/", a, d)
    if rng.random() < 0.3:
        question = rng.choice(
            (
                "What is {a} divided by {d}, with remainder?",
                "Divide {a} by {d} and give the remainder.",
                "What are the quotient and the remainder of {a} / {d}?",
                "{a} / {d} with remainder",
            )
        ).format(a=a, d=d)
    return Problem("div", f"{a},{d}", question, answer, conclude(rng, a, "/", d, answer), think)


def _multiply_back(w: Writer, a: int, d: int, q: int, r: int) -> bool:
    w.checking = True
    p = w.mul(d, q)
    if r:
        w.say(", ")
        p = w.add(p, r)
    w.checking = False
    w.say(". ")
    return w.verdict(p, a)


# Expressions. A tree is a number or (op, left, right); it is worked out innermost and leftmost first.

RANK = {"+": 1, "-": 1, "*": 2, "/": 2}


def shown(tree, signs=None, right_of: str | None = None, left_of: str | None = None) -> str:
    if isinstance(tree, int):
        return str(tree)
    op, left, right = tree
    sign = (signs or {}).get(op, op)
    text = f"{shown(left, signs, left_of=op)} {sign} {shown(right, signs, right_of=op)}"
    above = right_of or left_of
    loose = above and (RANK[op] < RANK[above] or (right_of and RANK[op] == RANK[above]))
    return f"({text})" if loose else text


def value(tree) -> int | None:
    """Its value, where everything on the way is a whole number from 0 to 9,999."""
    if isinstance(tree, int):
        return tree
    op, left, right = tree
    a, b = value(left), value(right)
    if a is None or b is None:
        return None
    if op == "/":
        return a // b if 2 <= b < 100 and a % b == 0 else None
    c = a + b if op == "+" else a - b if op == "-" else a * b
    if op == "*" and (a > 999 or b > 999 or min(a, b) > 99):
        return None
    return c if 0 <= c <= 9999 else None


def grow(rng: Random, n: int):
    if n == 0:
        return rng.randrange(2, 100) if rng.random() < 0.6 else rng.randrange(2, 13)
    left = rng.randrange(n)
    op = rng.choices("+-*/", weights=(3, 3, 3, 1))[0]
    return (op, grow(rng, left), grow(rng, n - 1 - left))


def reduce_once(tree):
    """The next operation (a, op, b) and how to put its result in place."""
    op, left, right = tree
    if not isinstance(left, int):
        step, put = reduce_once(left)
        return step, lambda v: (op, put(v), right)
    if not isinstance(right, int):
        step, put = reduce_once(right)
        return step, lambda v: (op, left, put(v))
    return (left, op, right), lambda v: v


def expr(rng: Random) -> Problem:
    while True:
        tree = grow(rng, rng.choice((2, 2, 3, 3, 3)))
        if value(tree) is not None:
            break
    answer = str(value(tree))

    def think(w: Writer) -> str:
        opening(w, f"work out {shown(tree)}")
        while True:
            now, steps = tree, []
            while not isinstance(now, int):
                before = now
                (a, op, b), put = reduce_once(before)
                c = operate(w, a, op, b)
                steps.append((a, op, b, c))
                now = put(c)
                w.say(".")
                if not isinstance(now, int):
                    w.say(" So ", " That makes ", " Now ")
                    w.say(f"{shown(before)} = {shown(now)}.")
                    w.paragraph()
            w.paragraph()
            w.say(*CHECK)
            if verify(w, *steps[-1]):
                break
        ending(w, str(now))
        return str(now)

    signs = {op: rng.choice(SIGNS[op][:-1]) for op in SIGNS}
    question = rng.choice(ASKS).format(e=shown(tree, signs))
    return Problem("expr", shown(tree), question, answer, conclude_expr(rng, tree, answer), think)


def conclude_expr(rng: Random, tree, answer: str) -> str:
    if rng.random() < 0.4:
        return f"{shown(tree)} = {boxed(answer)}"
    return reply(rng, answer)


def operate(w: Writer, a: int, op: str, b: int) -> int:
    if op == "+":
        return w.add(a, b)
    if op == "-":
        return w.difference(a, b)
    if op == "*":
        return w.mul(a, b)
    return w.divide(a, b)[0]


def verify(w: Writer, a: int, op: str, b: int, c: int) -> bool:
    """Checks `a op b = c` the cheapest way that says something."""
    if op == "*" and max(a, b) >= 100 or op == "/" and min(b, c) >= 10:
        return w.nines("*", a, b, c) if op == "*" else w.nines("*", b, c, a)
    if op == "*" and min(a, b) >= 10:
        return w.last_digit(a, b, c)
    if op == "*" and b < 2 or op == "/" and c == 0:
        w.say("that is right.")
        return True
    if op == "-" and c < 0:
        return w.inverse("-", b, a, -c)
    return w.inverse(op, a, b, c)
