"""scikit-learn's side of bench/learning/learning.ts: reads one JSON request a line, answers with one JSON line."""
import json
import sys
import time
import warnings

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.neural_network import MLPRegressor
from sklearn.svm import SVR

warnings.filterwarnings("ignore")


def model(name, columns, options):
    if name == "NEURAL_NETWORK":
        return MLPRegressor((64, 32), alpha=options["alpha"], batch_size=options["batchSize"], max_iter=options["epochs"],
                            tol=0, n_iter_no_change=10_000, random_state=options["seed"])
    if name == "SVR":
        return SVR(C=options["c"], epsilon=0.1, gamma=1 / columns)
    kernel = ConstantKernel(1.0, (1e-3, 1e3)) * Matern(np.ones(columns), (3e-2, 1e2), nu=2.5) + WhiteKernel(0.1, (1e-6, 2))
    return GaussianProcessRegressor(kernel, n_restarts_optimizer=options["restarts"] - 1, random_state=options["seed"])


for line in sys.stdin:
    request = json.loads(line)
    load = lambda name, shape: np.fromfile(request[name]).reshape(shape)
    columns = request["columns"]
    x, y = load("x", (-1, columns)), load("y", -1)
    held, actual = load("heldX", (-1, columns)), load("heldY", -1)
    start = time.process_time()
    if request["name"] == "BAYESIAN":
        shift, width = x.min(0), np.ptp(x, 0)
    else:
        shift, width = x.mean(0), x.std(0)
    centre, deviation = y.mean(), y.std()
    fitted = model(request["name"], columns, request["options"]).fit((x - shift) / width, (y - centre) / deviation)
    fit = time.process_time() - start
    start = time.process_time()
    predicted = centre + deviation * fitted.predict((held - shift) / width)
    predict = time.process_time() - start
    r2 = 1 - ((actual - predicted) ** 2).sum() / ((actual - actual.mean()) ** 2).sum()
    print(json.dumps({"fitMs": 1e3 * fit, "predictMs": 1e3 * predict, "r2": r2}), flush=True)
