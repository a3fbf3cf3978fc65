"""The held-out suite that is shipped with the model."""

import json
from pathlib import Path

from evaluate import held_out

PER_KIND = 50


def write_suite(file: Path) -> None:
    lines = [{"kind": p.kind, "question": p.question, "answer": p.answer} for p in held_out(PER_KIND, seed=7)]
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


if __name__ == "__main__":
    import sys

    write_suite(Path(sys.argv[1]))
