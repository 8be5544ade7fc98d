"""What PyOD, scikit-learn and cleanlab need for the same work: CPU seconds as JSON on stdout. Arrays of doubles are read from files.

speed.py isolation FILE COLUMNS      PyOD's IForest
speed.py neighbours FILE COLUMNS     PyOD's KNN, 5 neighbours
speed.py confident FILE COLUMNS      cleanlab's default filter; a row is its label, then its probabilities
speed.py flips FILE COLUMNS          scikit-learn's steps of label-flips: out-of-fold regression and discriminant, neighbours, forest; label first
"""

import json
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")


def isolation(x):
    from pyod.models.iforest import IForest

    model = IForest(random_state=0)
    return lambda: model.fit(x)


def neighbours(x):
    from pyod.models.knn import KNN

    model = KNN(n_neighbors=5)
    return lambda: model.fit(x)


def confident(x):
    from cleanlab.filter import find_label_issues

    labels, probabilities = x[:, 0].astype(int), np.ascontiguousarray(x[:, 1:])
    return lambda: find_label_issues(labels, probabilities, n_jobs=1)


def flips(x):
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    labels, features = x[:, 0].astype(int), x[:, 1:]

    def steps():
        scaled = StandardScaler().fit_transform(features)
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        for model in LogisticRegression(C=1, max_iter=1000), QuadraticDiscriminantAnalysis(reg_param=0.1):
            cross_val_predict(model, scaled, labels, cv=folds, method="predict_proba")
        NearestNeighbors(n_neighbors=25).fit(scaled).kneighbors()
        RandomForestClassifier(100, min_samples_leaf=3, oob_score=True, random_state=0).fit(features, labels)

    return steps


work = globals()[sys.argv[1]](np.fromfile(sys.argv[2]).reshape(-1, int(sys.argv[3])))
start = time.process_time()
work()
json.dump({"seconds": time.process_time() - start}, sys.stdout)
