"""Greatest common divisors and prime factors."""

from math import gcd
from random import Random

from problem import Problem, boxed, ending, opening, reply
from whole import CHECK
from writer import Writer


def common(rng: Random) -> Problem:
    while True:
        g = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 18, 20, 21, 24, 25, 30))
        a, b = g * rng.randrange(2, 20), g * rng.randrange(2, 20)
        if a != b and max(a, b) < 400:
            break
    g = gcd(a, b)
    question = rng.choice(
        (
            "What is the greatest common divisor of {a} and {b}?",
            "Find the greatest common divisor of {a} and {b}.",
            "What is gcd({a}, {b})?",
            "gcd({a}, {b})",
            "What is the gcd of {a} and {b}?",
            "What is the largest number that divides both {a} and {b}?",
            "Find the highest common factor of {a} and {b}.",
        )
    ).format(a=a, b=b)

    def think(w: Writer) -> str:
        opening(w, f"find the greatest common divisor of {a} and {b}")
        w.say("I use Euclid's algorithm: divide and go on with the remainder.", "Euclid: keep the remainder until it is 0.")
        w.paragraph()
        x, y = max(a, b), min(a, b)
        while y:
            r = w.remainder(x, y)
            w.say(". ")
            x, y = y, r
        w.say(f"The remainder is 0, so the last divisor, {x}, is it.")
        w.paragraph()
        w.say(*CHECK)
        w.checking = True
        w.remainder(a, x)
        w.say(". ")
        w.remainder(b, x)
        w.checking = False
        w.say(f", nothing left over, so {x} divides both.")
        ending(w, str(x))
        return str(x)

    said = f"gcd({a}, {b}) = {boxed(str(g))}" if rng.random() < 0.4 else reply(rng, str(g))
    return Problem("gcd", f"{a},{b}", question, str(g), said, think)


PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)


def factors(rng: Random) -> Problem:
    """Prime factors of a number below 1,000 whose largest prime is below 100."""
    while True:
        n = 1
        while True:
            p = rng.choice(PRIMES[:6]) if rng.random() < 0.8 else rng.choice(PRIMES)
            if n * p >= 1000:
                break
            n *= p
            if n > 11 and rng.random() < 0.3:
                break
        found = _factor(n)
        # What is left after 2, 3, 5 and 7 is prime: then trial division ends there.
        left = [p for p in found if p > 7]
        if n > 11 and len(left) < 2 and len(found) > 1 or (len(found) == 1 and 11 <= n):
            break
    answer = " * ".join(map(str, found))
    question = rng.choice(
        (
            "What are the prime factors of {n}?",
            "Find the prime factorization of {n}.",
            "Write {n} as a product of primes.",
            "Factor {n} into primes.",
            "Prime factors of {n}?",
            "Decompose {n} into prime factors.",
        )
    ).format(n=n)

    def think(w: Writer) -> str:
        opening(w, f"split {n} into primes")
        while True:
            out = _divide_out(w, n)
            w.paragraph()
            if len(out) == 1:
                w.say("There is nothing to multiply: the number itself is prime.")
                break
            w.say(*CHECK)
            if _multiplies_to(w, out, n):
                break
        result = " * ".join(map(str, out))
        ending(w, result)
        return result

    said = f"{n} = {boxed(answer)}" if rng.random() < 0.5 else reply(rng, answer)
    return Problem("factors", str(n), question, answer, said, think)


def _divide_out(w: Writer, n: int) -> list[int]:
    """Trial division by 2, 3, 5 and 7."""
    left, out = n, []
    for p in (2, 3, 5, 7):
        while left > p and left % p == 0:
            _why(w, left, p)
            out.append(p)
            left = w.divide(left, p)[0]
            w.say(f", so {n} = {' * '.join(map(str, out))} * {left}. ")
        if left < p * p:
            break
        _why(w, left, p)
        w.say(". ")
    w.say(f"{left} is prime.", f"{left} is a prime number.")
    return [*out, left]


def _multiplies_to(w: Writer, primes: list[int], n: int) -> bool:
    w.checking = True
    product = primes[0]
    for i, p in enumerate(primes[1:], 2):
        product = w.mul(product, p)
        w.say(", " if i < len(primes) else ". ")
    w.checking = False
    return w.verdict(product, n)


def _why(w: Writer, n: int, p: int) -> None:
    """Whether `p` divides `n`, by the usual sign of it."""
    if p == 2:
        w.say(f"{n} is {'even' if n % 2 == 0 else 'odd'}" + (": " if n % 2 == 0 else ", not divisible by 2"))
    elif p == 5:
        w.say(f"{n} ends in {n % 10}" + (": " if n % 5 == 0 else ", not divisible by 5"))
    elif p == 3:
        # Nothing later would find a slip here, so none is left standing.
        w.checking = True
        root = w.root(n)
        w.checking = False
        w.say(f"{', ' if n >= 10 else ''}{root} is {'' if n % 3 == 0 else 'not '}divisible by 3" + (": " if n % 3 == 0 else ""))
    elif n % 7 == 0:
        w.say("Try 7: ")
    else:
        w.say("Try 7: ")
        w.remainder(n, 7)
        w.say(", not divisible by 7")


def _factor(n: int) -> list[int]:
    out = []
    for p in PRIMES:
        while n % p == 0:
            out.append(p)
            n //= p
    return out
