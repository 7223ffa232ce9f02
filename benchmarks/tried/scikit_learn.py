"""scikit-learn: what a course would use of it; each function is tried in the sandbox."""

import numpy as np
import sklearn.cluster
import sklearn.decomposition
import sklearn.ensemble
import sklearn.linear_model
import sklearn.model_selection
import sklearn.pipeline
import sklearn.preprocessing
import sklearn.svm


def _cloud(rng):
    x = rng.normal(size=(80, 4))
    return x, (x[:, 0] + 0.3 * rng.normal(size=80) > 0).astype(int)


def regression(rng):
    x, _ = _cloud(rng)
    return sklearn.linear_model.LinearRegression().fit(x, x @ np.arange(4.0)).coef_


def classification(rng):
    return sklearn.linear_model.LogisticRegression().fit(*_cloud(rng)).coef_


def forests(rng):
    x, y = _cloud(rng)
    model = sklearn.ensemble.RandomForestClassifier(20, random_state=0).fit(x, y)
    return model.predict_proba(x)[:5, 1]


def support_vectors(rng):
    x, y = _cloud(rng)
    return sklearn.svm.SVC().fit(x, y).decision_function(x)[:5]


def clusters(rng):
    x, _ = _cloud(rng)
    model = sklearn.cluster.KMeans(2, n_init=3, random_state=0).fit(x)
    return np.sort(model.cluster_centers_, axis=0)


def components(rng):
    x, _ = _cloud(rng)
    return sklearn.decomposition.PCA(2).fit(x).explained_variance_ratio_


def cross_validation(rng):
    model = sklearn.pipeline.make_pipeline(
        sklearn.preprocessing.StandardScaler(), sklearn.linear_model.LogisticRegression()
    )
    return sklearn.model_selection.cross_val_score(model, *_cloud(rng), cv=4)


def grid_search(rng):
    search = sklearn.model_selection.GridSearchCV(sklearn.svm.SVC(), {"C": [0.1, 1, 10]}, cv=3)
    return search.fit(*_cloud(rng)).best_score_


def two_jobs(rng):
    model = sklearn.ensemble.RandomForestClassifier(20, random_state=0, n_jobs=2)
    return model.fit(*_cloud(rng)).feature_importances_
