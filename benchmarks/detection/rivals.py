"""PyOD, scikit-learn and cleanlab on the files that Assay reads. The answer is one JSON object on stdout.

rivals.py outliers FILE        last column 0/1: AUROC, AP and CPU of PyOD's detectors with their defaults
rivals.py sets FOLDER NAME...  sets that scikit-learn carries, written as NAME.csv.gz with a column `label`; their paths
rivals.py label-flips FILE...  column `label` as given: rows that cleanlab flags by its default, and their scores
"""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")


def outliers(path):
    from pyod.models.ecod import ECOD
    from pyod.models.gmm import GMM
    from pyod.models.iforest import IForest
    from pyod.models.lof import LOF
    from sklearn.metrics import average_precision_score, roc_auc_score

    table = pd.read_csv(path)
    bad = table.iloc[:, -1].to_numpy()
    features = table.iloc[:, :-1].to_numpy(dtype=float)
    features = features[:, features.std(axis=0) > 0]
    answers = {}
    for name, model in {
        "IForest": IForest(random_state=0),
        "ECOD": ECOD(),
        "LOF": LOF(),
        "GMM": GMM(random_state=0),
    }.items():
        start = time.process_time()
        model.fit(features)
        seconds = time.process_time() - start
        scores = np.nan_to_num(model.decision_scores_)
        answers[name] = {
            "auroc": float(roc_auc_score(bad, scores)),
            "ap": float(average_precision_score(bad, scores)),
            "seconds": seconds,
        }
    return answers


def features_of(table):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import StandardScaler

    if list(table.columns) == ["text"]:
        vectoriser = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        return vectoriser.fit_transform(table["text"].astype(str)), 10
    numbers = table.select_dtypes("number")
    others = table.drop(columns=numbers.columns)
    parts = []
    if numbers.shape[1]:
        parts.append(StandardScaler().fit_transform(numbers.fillna(numbers.median())))
    if others.shape[1]:
        parts.append(pd.get_dummies(others.astype(str)).to_numpy(dtype=float))
    return np.hstack(parts), 1


def label_flips(paths):
    from cleanlab.filter import find_label_issues
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    answers = []
    for path in paths:
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
        labels = pd.factorize(table["label"].astype(str), sort=True)[0]
        start = time.process_time()
        features, inverse_penalty = features_of(table.drop(columns=["label"]))
        probabilities = cross_val_predict(
            LogisticRegression(C=inverse_penalty, max_iter=1000),
            features,
            labels,
            cv=StratifiedKFold(5, shuffle=True, random_state=0),
            method="predict_proba",
        )
        issues = find_label_issues(labels, probabilities, n_jobs=1)
        answers.append(
            {
                "flagged": np.flatnonzero(issues).tolist(),
                "scores": (1 - probabilities[np.arange(len(labels)), labels]).tolist(),
                "seconds": time.process_time() - start,
            }
        )
    return answers


def sets(folder, names):
    from sklearn import datasets

    paths = []
    for name in names:
        loaded = getattr(datasets, f"load_{name}")(as_frame=True)
        table = loaded.data.assign(label=[f"class {label}" for label in loaded.target])
        path = f"{folder}/{name}.csv.gz"
        table.to_csv(path, index=False)
        paths.append(path)
    return paths


if sys.argv[1] == "sets":
    json.dump(sets(sys.argv[2], sys.argv[3:]), sys.stdout)
elif sys.argv[1] == "outliers":
    json.dump(outliers(sys.argv[2]), sys.stdout)
else:
    json.dump(label_flips(sys.argv[2:]), sys.stdout)
