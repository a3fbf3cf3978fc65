"""Reasoning written step by step: the arithmetic every kind of problem is made of."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Slip:
    """A wrong number at one equation: noticed at once, or `late`, by a check."""

    at: int
    late: bool


CORRECTIONS = (
    ". Wait, {equation}",
    ". Wait, {equation}",
    ". Wait, {equation}",
    ". Wait, that should be {value}",
    ". Wait, no: {equation}",
    ". Wait, that's wrong. {equation}",
    ". Hmm, wait. {equation}",
    ". Wait, {value}",
    ". Wait, it is {value}",
    ". Wait, let me check that: {equation}",
    ".\n\nWait, {equation}",
    ".\n\nWait, that's not right. {equation}",
    ".\n\nWait, that should be {value}",
)

REDO = (
    "Wait, that doesn't match, so there is a mistake somewhere. Let me do it again.",
    "Wait, these differ. I must have slipped. Let me go through it once more.",
    "Hmm, wait. That's not what I expected. Let me redo it carefully.",
)

FITS = ("That fits.", "Good, it matches.", "Yes, that works.", "It checks out.")


def digits(n: int) -> list[int]:
    """Decimal digits, the least significant first."""
    return [int(c) for c in reversed(str(n))]


def wrong(rng: Random, value: int) -> int:
    """A number that is nearly `value`, as a slip would make it; of its sign."""
    size = abs(value)
    while True:
        text = list(str(size))
        how = rng.random()
        if how < 0.45:
            near = size + rng.choice((-2, -1, -1, 1, 1, 2))
        elif how < 0.65 and size > 9:
            near = size + rng.choice((-10, 10, -10, 10, -100, 100))
        elif how < 0.8 and len(text) > 1:
            i = rng.randrange(len(text) - 1)
            text[i], text[i + 1] = text[i + 1], text[i]
            near = int("".join(text))
        else:
            text[rng.randrange(len(text))] = str(rng.randrange(10))
            near = int("".join(text))
        if near >= 0 and near != size and (size < 10 or near > 0):
            return -near if value < 0 else near


class Writer:
    """Collects text, each piece with whether it is to be learnt (a slip is only read)."""

    def __init__(self, seed: int, slip: Slip | None = None):
        self.rng = Random(seed)
        self.parts: list[tuple[str, bool]] = []
        self.slip = slip
        self.equations = 0
        self.checking = False
        self.unheard = False

    def text(self) -> str:
        return "".join(text for text, _ in self.parts)

    def say(self, *choices: str) -> None:
        """One of the choices."""
        text = choices[0] if len(choices) == 1 else self.rng.choice(choices)
        self.parts.append((text, not self.unheard))
        self.unheard = False

    def paragraph(self) -> None:
        text, learn = self.parts[-1]
        self.parts[-1] = (text.rstrip(" "), learn)
        self.say("\n\n")

    def redo(self) -> None:
        self.paragraph()
        self.say(*REDO)
        self.paragraph()

    # Equations: the only place where a number is concluded.

    def eq(self, left: str, value: int) -> int:
        """Writes `left = value`; returns the value to go on with."""
        self.say(f"{left} = ")
        at, self.equations = self.equations, self.equations + 1
        slip = self.slip
        if slip is None or at != slip.at or (slip.late and self.checking):
            self.say(str(value))
            return value
        bad = wrong(self.rng, value)
        self.parts.append((str(bad), False))
        if slip.late:
            # Going on without notice is not to be learnt either.
            self.unheard = True
            return bad
        self._correct(f"{left} = {value}", str(value))
        return value

    def split(self, n: int, d: int) -> tuple[int, int]:
        """Writes `n = d * quotient + remainder`."""
        q, r = divmod(n, d)
        at, self.equations = self.equations, self.equations + 1
        if self.slip is None or at != self.slip.at or self.slip.late:
            self.say(f"{n} = {d} * {q} + {r}")
            return q, r
        if self.rng.random() < 0.5:
            self.say(f"{n} = {d} * ")
            self.parts.append((f"{wrong(self.rng, q)} + {r}", False))
        else:
            self.say(f"{n} = {d} * {q} + ")
            self.parts.append((str(wrong(self.rng, r)), False))
        whole = f"{n} = {d} * {q} + {r}"
        self._correct(whole, whole)
        return q, r

    def _correct(self, equation: str, value: str) -> None:
        self.say(self.rng.choice(CORRECTIONS).format(equation=equation, value=value))

    # The four operations on whole numbers, worked out as far as their size asks for.

    def add(self, a: int, b: int) -> int:
        if a < 0 or b < 0:
            return self._signed_sum(a, b)
        if max(a, b) < 10 or min(a, b) == 0:
            return self.eq(f"{a} + {b}", a + b)
        x, y = digits(a), digits(b)
        self.say(f"{a} + {b}: ")
        carry, out = 0, []
        for i in range(max(len(x), len(y))):
            p, q = (x[i] if i < len(x) else 0), (y[i] if i < len(y) else 0)
            s = self.eq(f"{p} + {q}" + (f" + {carry}" if carry else ""), p + q + carry)
            self.say(", ")
            carry, digit = divmod(s, 10)
            out.append(digit)
        total = carry * 10 ** len(out) + sum(d * 10**i for i, d in enumerate(out))
        self.say("so ")
        return self.eq(f"{a} + {b}", total)

    def difference(self, a: int, b: int) -> int:
        """`a - b` of which it is not known yet whether it is below 0."""
        if a < 0 or b < 0:
            return self._signed_difference(a, b)
        if b == 0:
            return self.eq(f"{a} - {b}", a)
        self.say(f"{a} to {b}: ")
        less = self.order(a, b) < 0
        if not less:
            self.say(". ")
            return self.sub(a, b)
        self.say(", so it is negative. ")
        d = self.sub(b, a)
        self.say(", so ")
        return self.eq(f"{a} - {b}", -d)

    def sub(self, a: int, b: int) -> int:
        """`a - b` of which it is known that it is not below 0, unless a slip made it so."""
        if min(a, b) < 0 or a < b:
            return self.difference(a, b)
        if a < 20 and b < 10 or b == 0 or a == b:
            return self.eq(f"{a} - {b}", a - b)
        x, y = digits(a), digits(b)
        self.say(f"{a} - {b}: ")
        borrow, out = 0, []
        for i in range(len(x)):
            q = y[i] if i < len(y) else 0
            top = x[i] + (10 if x[i] < q + borrow else 0)
            d = self.eq(f"{top} - {q}" + (" - 1" if borrow else ""), top - q - borrow)
            self.say(", ")
            borrow = int(top >= 10)
            out.append(d)
        self.say("so ")
        return self.eq(f"{a} - {b}", sum(d * 10**i for i, d in enumerate(out)))

    def _signed_sum(self, a: int, b: int) -> int:
        shown = f"{a} + {b}" if b >= 0 else f"{a} + ({b})"
        if a < 0 and b < 0:
            total = -self.add(-a, -b)
        else:
            total = self.difference(a, -b) if b < 0 else self.difference(b, -a)
        self.say(", so ")
        return self.eq(shown, total)

    def _signed_difference(self, a: int, b: int) -> int:
        if b < 0:
            total = self.add(a, -b) if a >= 0 else self.difference(-b, -a)
            shown = f"{a} - ({b})"
        else:
            total = -self.add(-a, b)
            shown = f"{a} - {b}"
        self.say(", so ")
        return self.eq(shown, total)

    def mul(self, a: int, b: int, gap: str = ". ") -> int:
        """The product; partial products stand `gap` apart."""
        if a < 0 or b < 0:
            size = self.mul(abs(a), abs(b), gap)
            self.say(", so ")
            shown = f"{a} * {b}" if b >= 0 else f"{a} * ({b})"
            return self.eq(shown, size if (a < 0) == (b < 0) else -size)
        bare_a, bare_b = _strip(a), _strip(b)
        small, large = sorted((bare_a, bare_b))
        if small < 2 or (small < 10 and large < 10 and (bare_a, bare_b) == (a, b)):
            return self.eq(f"{a} * {b}", a * b)
        if (bare_a, bare_b) != (a, b):
            if small < 10:
                self.say(f"{a} * {b}: ")
            product = self.mul(bare_a, bare_b, gap)
            self.say(", so ")
            return self.eq(f"{a} * {b}", product * (a // bare_a) * (b // bare_b))
        if small < 10:
            return self._by_digit(a, b)
        parts = [d * 10**i for i, d in enumerate(digits(b)) if d]
        split = " + ".join(f"{a} * {p}" for p in parts)
        self.say(f"{a} * {b} = {split}{gap}")
        products = []
        for p in parts:
            products.append(self.mul(a, p, gap))
            self.say(gap)
        total = products[0]
        for more in products[1:]:
            total = self.add(total, more)
            self.say(gap if more is not products[-1] else ", ")
        self.say("so ")
        return self.eq(f"{a} * {b}", total)

    def _by_digit(self, a: int, b: int) -> int:
        large, d = max(a, b), min(a, b)
        self.say(f"{a} * {b}: ")
        carry, out = 0, []
        for x in digits(large):
            s = self.eq(f"{x} * {d}" + (f" + {carry}" if carry else ""), x * d + carry)
            self.say(", ")
            carry, digit = divmod(s, 10)
            out.append(digit)
        total = carry * 10 ** len(out) + sum(n * 10**i for i, n in enumerate(out))
        self.say("so ")
        return self.eq(f"{a} * {b}", total)

    def divide(self, a: int, d: int) -> tuple[int, int]:
        """Quotient and remainder; ends in `a / d = q` when exact, else in `a = d * q + r`."""
        if d == 10 and a % 10 == 0:
            return self.eq(f"{a} / {d}", a // d), 0
        self.say(f"{a} / {d}: ")
        q, rest, steps = 0, 0, 0
        figures = list(reversed(digits(a)))
        for i, digit in enumerate(figures):
            rest = rest * 10 + digit
            if not steps and rest < d and i + 1 < len(figures):
                continue
            if steps:
                self.say(", " if d < 10 else ". ")
            step, rest = self.step(rest, d)
            q, steps = q * 10 + step, steps + 1
            if steps > 1:
                self.say(f", {q} so far")
        if rest and steps > 1:
            self.say(f", so {a} = {d} * {q} + {rest}")
        elif not rest:
            self.say(", so ")
            q = self.eq(f"{a} / {d}", q)
        return q, rest

    def step(self, n: int, d: int) -> tuple[int, int]:
        """`n = d * q + r` for a quotient below 10; by a divisor above 9 its multiples are tried."""
        if d < 10:
            return self.split(n, d)
        q = 0
        self.say(f"{n} by {d}: ")
        while q < 9:
            self.say(f"{q + 1}: {d * (q + 1)} (")
            over = self.order(d * (q + 1), n) > 0
            self.say("), ")
            if over:
                break
            q += 1
        self.say(f"so {q}. ")
        if q == 0:
            self.say(f"{n} = {d} * 0 + {n}")
            return 0, n
        part = self.eq(f"{d} * {q}", d * q)
        self.say(", ")
        return q, self.sub(n, part)

    def remainder(self, n: int, d: int) -> int:
        """The remainder of `n / d`, ending in `n = d * q + r` or an exact quotient."""
        if n >= 10 * d:
            return self.divide(n, d)[1]
        q, rest = self.step(n, d)
        if d >= 10 and q:
            self.say(f", so {n} = {d} * {q} + {rest}")
        return rest

    def order(self, a: int, b: int) -> int:
        """Compares digit by digit from the left; says and returns whether `a` is less or more."""
        x, y = str(a), str(b)
        if len(x) != len(y):
            self.say(f"{len(x)} digit{'s' if len(x) > 1 else ''} and {len(y)}, {'less' if a < b else 'more'}")
            return -1 if a < b else 1
        for p, q in zip(x, y):
            self.say(f"{p} and {q}, ")
            if p != q:
                self.say("less" if p < q else "more")
                return -1 if p < q else 1
            self.say("same, ")
        self.say("so equal")
        return 0

    # Checks.

    def inverse(self, op: str, a: int, b: int, c: int) -> bool:
        """Undoes `a op b = c` and says whether it comes out."""
        self.checking = True
        if op == "+":
            back = self.sub(c, b)
        elif op == "-":
            back = self.add(c, b)
        elif op == "/":
            back = self.mul(c, b)
        else:
            back, rest = self.divide(c, b)
            if rest:
                self.say(f". There is a remainder of {rest}. ")
                self.checking = False
                self.redo()
                return False
        self.checking = False
        self.say(". ")
        return self.verdict(back, a)

    def root(self, n: int) -> int:
        """Digit sums of `n` down to one digit."""
        while n >= 10:
            n, *rest = (int(c) for c in str(n))
            for left, digit in zip(reversed(range(len(rest))), rest):
                n = self.eq(f"{n} + {digit}", n + digit)
                if left or n >= 10:
                    self.say(", ")
        return n

    def nines(self, op: str, a: int, b: int, c: int, r: int = 0) -> bool:
        """Casting out nines for `a op b = c`, and with `r` for `a * b + r = c`."""
        self.checking = True
        roots = []
        for n in (a, b, *([r] if r else []), c):
            if n < 10:
                self.say(f"{n} stays {n}")
                roots.append(n)
            else:
                self.say(f"{n} gives ")
                roots.append(self.root(n))
            self.say(". ")
        x, y, want = roots[0], roots[1], roots[-1]
        left = self.eq(f"{x} {op} {y}", x * y if op == "*" else x + y)
        if r:
            self.say(", ")
            left = self.eq(f"{left} + {roots[2]}", left + roots[2])
        if left >= 10:
            self.say(", ")
            left = self.root(left)
        self.checking = False
        self.say(". ")
        return self.verdict(left, want)

    def last_digit(self, a: int, b: int, c: int) -> bool:
        """The last digit of `a * b = c`."""
        self.checking = True
        p = self.eq(f"{a % 10} * {b % 10}", (a % 10) * (b % 10))
        self.checking = False
        self.say(f", which ends in {p % 10}, and {c} ends in {c % 10}. ")
        return self.verdict(p % 10, c % 10)

    def verdict(self, got: int, need: int) -> bool:
        """Says whether a check came out; if not, that all is to be done again."""
        self.say(f"I have {got} and need {need}. ")
        if got == need:
            self.say(*FITS)
        else:
            self.redo()
        return got == need


def _strip(n: int) -> int:
    """Without trailing zeros."""
    while n and n % 10 == 0:
        n //= 10
    return n
