"""Trains the learned score of `src/detect/detectors/economics/` and writes it as JSON that TypeScript evaluates.

python3 -m venv .venv && .venv/bin/pip install --require-hashes -r train/requirements.txt   (or: pip install -r train/requirements.in)
node dist/bench/features.js > features.ndjson && .venv/bin/python train/train.py features.ndjson models/attack-score.json

`--part dev` or `--part later` trains on one part alone, to measure on the other. `--check FILE` writes some transactions with
LightGBM's scores of them, for the test of the evaluation in TypeScript; `--scores FILE` the out-of-fold score of every one;
`--folds PREFIX` the five models that each left out the files of one fold.

Prints out-of-fold and later-split figures: recall at the strictest threshold that keeps false positives at or below 0.3 % of complex
(20 frames or more) and 1 in 10,000 of simple benign transactions. The same input gives the same model.
"""

import argparse
import json
import zlib

import lightgbm as lgb
import numpy as np

# Left out: the nonce and the header are filled in by some recordings; size tells sources of data apart, not attacks.
LEFT_OUT = {
    "sender nonce", "calldata words", "pays value", "is creation", "approvals", "control changes",
    "frames", "depth", "contracts", "different calls", "calls among strangers", "value calls per frame",
    "contracts created", "contracts destroyed", "delegate calls per frame", "reads per frame",
    "reverted per frame", "side size",
}
RISES = {
    "largest part lost", "largest part lost without return", "balances halved", "balances a tenth less",
    "gain as a part of a stranger", "reserves moved apart", "balances moved apart", "price answer moved",
    "most repeated call", "strangers that only lose", "entries while running", "largest unexplained loss",
    "minted part of supply", "only gains", "pulls from passive owners", "mints to the side",
    "most trades in a pool", "pools traded both ways",
}
FALLS = {"product of reserves lost", "product of balances lost", "least balance left"}
LATER_BENIGN = ("kona", "zeth", "amp", "blocks/")
PARAMETERS = {
    "objective": "binary", "num_leaves": 4, "learning_rate": 0.03, "min_data_in_leaf": 10,
    "feature_fraction": 0.5, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5,
    "verbose": -1, "seed": 1, "deterministic": True, "force_row_wise": True, "num_threads": 1,
    "monotone_constraints_method": "basic",
}
ROUNDS = 300


def main(given: argparse.Namespace) -> None:
    with open(given.source, encoding="utf8") as lines:
        rows = [json.loads(line) for line in lines]
    names = [name for name in rows[0]["features"] if name not in LEFT_OUT]
    x = np.array([[number(row["features"].get(name)) for name in names] for row in rows])
    y = np.array([row["folder"] in ("real", "attacks") for row in rows], dtype=int)
    complex_ = np.array([2 ** row["features"]["frames"] - 1 >= 19.5 for row in rows])
    real = np.array([row["folder"] == "real" for row in rows])
    harm = np.array([bool(row["harm"]) for row in rows]) & real
    weight = np.where(y == 1, 10.0, np.where(complex_, 3.0, 0.2))
    parameters = {**PARAMETERS, "monotone_constraints": [1 if n in RISES else -1 if n in FALLS else 0 for n in names]}

    # a recording without the harm (a deployment, a later withdrawal) is no example of an attack
    shows = (y == 0) | ~real | harm

    def fit(part):
        mask = part & shows
        data = lgb.Dataset(x[mask], y[mask], weight=weight[mask], feature_name=[str(i) for i in range(len(names))])
        return lgb.train(parameters, data, num_boost_round=ROUNDS)

    # the bench judges each file with the model that did not see it
    fold = np.array([zlib.crc32(row["file"].encode()) % 5 for row in rows])
    held = np.zeros(len(y))
    for n in range(5):
        part = fit(fold != n)
        held[fold == n] = part.predict(x[fold == n])
        if given.folds:
            write(f"{given.folds}{n}.json", names, part)
    later = np.array([
        (row["date"] >= "2022-01-01") if y[i] else any(part in row["file"] for part in LATER_BENIGN)
        for i, row in enumerate(rows)
    ])
    everything = np.ones(len(y), dtype=bool)
    masks = (y, complex_, real, harm)
    report("out of fold", held, everything, masks)
    report("later split", fit(~later).predict(x), later, masks)
    for threshold in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9):
        at(f"out of fold at {threshold}", held, everything, masks, threshold)
    model = fit({"all": everything, "dev": ~later, "later": later}[given.part])
    gains = sorted(zip(model.feature_importance("gain"), names), reverse=True)
    print("importance:", ", ".join(f"{name} {gain / sum(g for g, _ in gains):.0%}" for gain, name in gains[:16]))
    write(given.target, names, model)
    if given.check:
        check_file(given.check, rows, model, x)
    if given.scores:
        with open(given.scores, "w", encoding="utf8") as out:
            for row, score in zip(rows, held):
                out.write(json.dumps({"hash": row["hash"], "file": row["file"], "id": row["id"], "score": score}) + "\n")


def write(target, names, model):
    trees = [flat(tree["tree_structure"]) for tree in model.dump_model()["tree_info"]]
    with open(target, "w", encoding="utf8") as out:
        json.dump({"version": 1, "features": names, "trees": trees}, out, separators=(",", ":"))
        out.write("\n")


def check_file(target, rows, model, x):
    """Every 500th transaction with LightGBM's own score: the test compares the evaluation in TypeScript."""
    picked = [i for i, row in enumerate(rows) if row["folder"] in ("real", "attacks")][::8] + list(range(0, len(rows), 2_000))
    scores = model.predict(x[picked])
    with open(target, "w", encoding="utf8") as out:
        json.dump([{"features": rows[i]["features"], "score": float(f"{s:.9g}")} for i, s in zip(picked, scores)], out)
        out.write("\n")


def number(value):
    return np.nan if value is None else float(value)


def at(title, scores, mask, masks, threshold):
    y, complex_, real, harm = masks
    hit = (scores > threshold) & mask
    benign = (y == 0) & mask
    print(
        f"{title}: {(hit & real).sum()} of {(real & mask).sum()} real (harm recorded: {(hit & harm).sum()} of {(harm & mask).sum()}), "
        f"{(hit & (y == 1) & ~real).sum()} of {((y == 1) & ~real & mask).sum()} replayed; "
        f"false: {(hit & benign & complex_).sum()} of {(benign & complex_).sum()} complex, "
        f"{(hit & benign & ~complex_).sum()} of {(benign & ~complex_).sum()} simple"
    )


def report(title, scores, mask, masks):
    y, complex_, _, _ = masks
    benign = (y == 0) & mask
    hard, easy = np.sort(scores[benign & complex_])[::-1], np.sort(scores[benign & ~complex_])[::-1]
    threshold = max(hard[int(0.003 * len(hard))], easy[int(0.0001 * len(easy))])
    at(f"{title}, threshold {threshold:.3f}", scores, mask, masks, threshold)


def flat(root):
    """A tree as rows: [feature, threshold, left, right, missing goes left] or [leaf value]."""
    rows = []

    def add(node):
        place = len(rows)
        rows.append(None)
        if "leaf_value" in node:
            rows[place] = [round(node["leaf_value"], 6)]
        else:
            left, right = add(node["left_child"]), add(node["right_child"])
            # without a rule for missing values LightGBM reads them as zero
            missing = node["default_left"] if node["missing_type"] == "NaN" else 0 <= node["threshold"]
            rows[place] = [node["split_feature"], float(f"{node['threshold']:.9g}"), left, right, 1 if missing else 0]
        return place

    add(root)
    return rows


words = argparse.ArgumentParser()
words.add_argument("source")
words.add_argument("target")
words.add_argument("--part", choices=("all", "dev", "later"), default="all")
words.add_argument("--folds")
words.add_argument("--check")
words.add_argument("--scores")
main(words.parse_args())
