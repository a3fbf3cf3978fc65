"""What is right: the answer in the box, and whether equations hold."""

import re
from fractions import Fraction

import problems

BOX = re.compile(r"\\boxed\{([^{}]*)\}")
NUMBER = r"(?:\(-\d+\)|-?\d+)"
CHAIN = rf"{NUMBER}(?: [-+*/] {NUMBER})*"
# Not from within a fraction, a time, or a term such as 3x.
EQUATION = re.compile(rf"(?<![\w./:])(?<![-+*/=] )({CHAIN})((?: = {CHAIN})+)(?!\d|[\w/:]|\.\d| [-+*/] )")


def answer(reply: str) -> str | None:
    """What stands in the last box after the reasoning."""
    found = BOX.findall(reply.split(problems.CLOSE)[-1])
    return found[-1].strip() if found else None


def well_formed(reply: str) -> bool:
    """Reasoning closed once, then an answer with one box, in printable ASCII."""
    thought, close, said = reply.partition(problems.CLOSE)
    plain = all(c == "\n" or " " <= c <= "~" for c in reply)
    return bool(thought.strip()) and bool(close) and problems.CLOSE not in said and len(BOX.findall(said)) == 1 and plain


def right(problem: problems.Problem, reply: str) -> bool:
    """A question out of reach is answered rightly by no box and one of the honest sentences."""
    if problem.answer is None:
        return answer(reply) is None and "arithmetic" in reply.split(problems.CLOSE)[-1]
    return answer(reply) == problem.answer


def equations(text: str) -> list[tuple[str, bool]]:
    """Every equation between whole numbers, and whether it holds."""
    found = []
    for m in EQUATION.finditer(text):
        sides = [_value(side) for side in m[0].split(" = ")]
        if len(sides) > 1 and any(" " in side for side in m[0].split(" = ")):
            found.append((m[0], all(s == sides[0] for s in sides)))
    return found


def _value(side: str) -> Fraction | None:
    parts = side.split(" ")
    values = [Fraction(int(p.strip("()"))) for p in parts[::2]]
    for op in ("*/", "+-"):
        i = 1
        while i < len(parts):
            if parts[i] in op:
                at = (i - 1) // 2
                a, b = values[at], values[at + 1]
                if parts[i] == "/" and b == 0:
                    return None
                values[at : at + 2] = [a * b if parts[i] == "*" else a / b if parts[i] == "/" else a + b if parts[i] == "+" else a - b]
                del parts[i : i + 2]
            else:
                i += 2
    return values[0]
