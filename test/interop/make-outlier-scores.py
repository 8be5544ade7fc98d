"""Scores of PyOD's and scikit-learn's detectors on small random tables. Writes JSON to stdout."""

import json
import sys
import warnings

import numpy as np
from pyod.models.copod import COPOD
from pyod.models.ecod import ECOD
from pyod.models.hbos import HBOS
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

warnings.filterwarnings("ignore")


def case(rng, rows, columns):
    x = rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns))
    x += 4 * (rng.random(size=(rows, 1)) < 0.3)
    x[: rows // 20] += rng.normal(scale=8, size=(rows // 20, columns))
    if columns > 2:
        # Ties, a constant column and one that leans to a side.
        x[:, 0] = np.round(x[:, 0])
        x[:, 1] = 3.5
        x[:, 2] = np.exp(x[:, 2] / 4)
    distances, neighbours = NearestNeighbors(n_neighbors=6, algorithm="brute").fit(x).kneighbors()
    labels = np.digitize(x[:, -1] + rng.normal(size=rows), [-1, 1])
    scaled = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    regression = LogisticRegression(C=1.0, tol=1e-10, max_iter=10000).fit(scaled, labels)
    pca = PCA().fit(x)
    return {
        "rows": rows,
        "columns": columns,
        "values": x.ravel().tolist(),
        "scaled": scaled.ravel().tolist(),
        "labels": labels.tolist(),
        "probabilities": regression.predict_proba(scaled).ravel().tolist(),
        "distances": distances.ravel().tolist(),
        "neighbours": neighbours.ravel().tolist(),
        "lof": (-LocalOutlierFactor(n_neighbors=20).fit(x).negative_outlier_factor_).tolist(),
        "ecod": ECOD().fit(x).decision_scores_.tolist(),
        "copod": COPOD().fit(x).decision_scores_.tolist(),
        "hbos": HBOS().fit(x).decision_scores_.tolist(),
        "isolation": (-IsolationForest(n_estimators=400, random_state=0).fit(x).score_samples(x)).tolist(),
        "variances": (pca.explained_variance_ * (rows - 1) / rows).tolist(),
    }


rng = np.random.default_rng(11)
json.dump([case(rng, rows, columns) for rows, columns in [(60, 2), (300, 5), (500, 12), (400, 30)]], sys.stdout)
