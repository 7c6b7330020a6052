"""The peers of scoring.ts: forests of depth 8 on 700 rows of 12 features score 10,000 rows; CPU ms, median of nine."""
import json
import time

import numpy as np
import xgboost
from sklearn.ensemble import RandomForestRegressor

random = np.random.default_rng(1)
x, given = random.random((700, 12)), random.random((10_000, 12))
y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4] + x[:, 5] * x[:, 6]


def cpu_ms(work):
    times = []
    for _ in range(10):
        start = time.process_time()
        work()
        times.append(1e3 * (time.process_time() - start))
    return float(np.median(times[1:]))


def forest(trees):
    model = RandomForestRegressor(trees, max_depth=8, n_jobs=1, random_state=1).fit(x, y)
    return cpu_ms(lambda: model.predict(given))


def boosted(trees):
    settings = {"tree_method": "hist", "nthread": 1, "max_depth": 8, "min_child_weight": 1, "eta": 0.05}
    model = xgboost.train(settings, xgboost.DMatrix(x, y), trees)
    return min(cpu_ms(lambda: model.predict(xgboost.DMatrix(given))), cpu_ms(lambda: model.inplace_predict(given)))


print(json.dumps({"scikit-learn": [forest(100), forest(300)], "xgboost": [boosted(100), boosted(300)]}))
