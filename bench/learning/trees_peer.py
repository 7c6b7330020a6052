"""The peers of bench/learning/learning.ts: reads one JSON request a line, answers with one JSON line. One thread."""
import json
import sys
import time

import numpy as np
import xgboost
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor


def boosted(method, x, y, options):
    parameters = {
        "tree_method": method, "nthread": 1, "base_score": float(y.mean()), "seed": options["seed"],
        "max_depth": options["maxDepth"], "eta": options["learningRate"], "subsample": options["subsample"],
        "colsample_bytree": options["columnSample"], "min_child_weight": options["minChildWeight"],
        "lambda": options["lambda"],
    }
    return xgboost.train(parameters, xgboost.DMatrix(x, y), options["nEstimators"])


def forest(kind, x, y, options):
    return kind(options["nEstimators"], n_jobs=1, random_state=options["seed"]).fit(x, y)


FIT = {
    "xgboost hist": lambda *given: boosted("hist", *given),
    "xgboost exact": lambda *given: boosted("exact", *given),
    "scikit-learn RandomForest": lambda *given: forest(RandomForestRegressor, *given),
    "scikit-learn ExtraTrees": lambda *given: forest(ExtraTreesRegressor, *given),
}


def timed(work):
    start = time.process_time()
    result = work()
    return result, 1e3 * (time.process_time() - start)


def predict(model, held):
    """The faster of XGBoost's two ways, or the only one."""
    if not isinstance(model, xgboost.Booster):
        return timed(lambda: model.predict(held))
    ways = [lambda: model.predict(xgboost.DMatrix(held)), lambda: model.inplace_predict(held)]
    return min((timed(way) for way in ways), key=lambda outcome: outcome[1])


for line in sys.stdin:
    request = json.loads(line)
    columns = request["columns"]
    x, held = (np.fromfile(request[name]).reshape(-1, columns) for name in ("x", "heldX"))
    y, actual = (np.fromfile(request[name]) for name in ("y", "heldY"))
    model, fit_ms = timed(lambda: FIT[request["name"]](x, y, request["options"]))
    predict(model, held[:100])
    predicted, predict_ms = predict(model, held)
    r2 = 1 - ((actual - predicted) ** 2).sum() / ((actual - actual.mean()) ** 2).sum()
    print(json.dumps({"fitMs": fit_ms, "predictMs": predict_ms, "r2": r2}), flush=True)
