"""Greedy replies of the embedded model by transformers, for some questions of its suite: a fixture.

`pip install transformers==5.24.0`, then
`python transformers_reference.py ../../crates/glassbox-tiny/model ../../crates/glassbox-tiny/suite.jsonl
../../crates/glassbox/tests/fixtures/tiny_transformers.json`.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

EVERY = 45  # problems of the suite


def main(folder: str, suite: str, fixture: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    replies = []
    for line in Path(suite).read_text().splitlines()[::EVERY]:
        question = json.loads(line)["question"]
        chat = [{"role": "user", "content": question}]
        prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        with torch.no_grad():
            ids = model.generate(**prompt, do_sample=False, max_new_tokens=600)[0].tolist()
        n = prompt["input_ids"].shape[1]
        replies.append({"question": question, "prompt": ids[:n], "reply": ids[n:]})
    lines = ",\n".join(json.dumps(reply, separators=(",", ":")) for reply in replies)
    Path(fixture).write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:4])
