"""Label issues as cleanlab finds them: random labels and probabilities, and what each filter flags. Writes JSON to stdout.

numpy's sort without vector instructions (set by the caller in NPY_DISABLE_CPU_FEATURES, before numpy is loaded) keeps the order
of equal values up to 16 of them; with them, which of equal counts is rounded up depends on the processor.
"""

import json
import sys
import warnings

import numpy as np
from cleanlab.count import compute_confident_joint, get_confident_thresholds
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

FILTERS = [
    "prune_by_noise_rate",
    "prune_by_class",
    "both",
    "confident_learning",
    "predicted_neq_given",
    "low_normalized_margin",
    "low_self_confidence",
]
QUALITIES = ["self_confidence", "normalized_margin", "confidence_weighted_entropy"]


def case(rng, classes, rows, flips):
    prior = rng.dirichlet(np.full(classes, rng.choice([0.3, 1, 10])))
    true = rng.choice(classes, size=rows, p=prior)
    logits = rng.normal(size=(rows, classes)) * rng.choice([0.5, 1, 3])
    logits[np.arange(rows), true] += rng.choice([1, 3, 6])
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    labels = true.copy()
    flipped = rng.random(rows) < flips
    labels[flipped] = rng.integers(classes, size=flipped.sum())
    if len(set(labels)) < 2:
        return None
    return {
        "classes": classes,
        "labels": labels.tolist(),
        "probabilities": probabilities.ravel().tolist(),
        "thresholds": get_confident_thresholds(labels, probabilities).tolist(),
        "joint": compute_confident_joint(labels, probabilities).ravel().tolist(),
        "issues": {
            name: np.flatnonzero(find_label_issues(labels, probabilities, filter_by=name, n_jobs=1)).tolist()
            for name in FILTERS
        },
        "qualities": {name: get_label_quality_scores(labels, probabilities, method=name).tolist() for name in QUALITIES},
    }


def main():
    warnings.filterwarnings("ignore")
    rng = np.random.default_rng(7)
    cases = [
        case(rng, classes, rows, flips)
        for classes in (2, 3, 5, 10, 16)
        for rows in (2 * classes + 3, 60, 300, 2000)
        for flips in (0, 0.05, 0.2, 0.4)
    ]
    json.dump([made for made in cases if made is not None], sys.stdout)


main()
