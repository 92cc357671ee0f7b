"""Rows trained on per second and core, by two workers together and by one process on one core."""

import json
import os
import subprocess
import sys
import time
import warnings

import numpy as np
from report import TIMES, head, row
from sklearn.exceptions import ConvergenceWarning

EPOCHS = 5
# Columns, hidden layer, codes, rows; batch sizes of both workers together.
NETWORKS = [(64, 32, 10, 32_768), (784, 300, 150, 32_768), (784, 1000, 500, 16_384)]
BATCHES = [64, 512, 4096, 16_384]


def estimator_and_rows(n_columns, n_hidden, n_codes, n_rows, batch_size):
    from skae import AutoencoderTransformer

    X = np.random.default_rng(0).standard_normal((n_rows, n_columns), np.float32)
    estimator = AutoencoderTransformer(
        n_codes,
        hidden_layer_sizes=(n_hidden,),
        batch_size=batch_size,
        init="glorot",
        learning_rate="cosine",
        max_iter=EPOCHS,
        early_stopping=False,
        random_state=0,
    )
    return estimator, X


def timed(trainer):
    """Let a class of trainers write down how long each epoch takes."""
    epoch, times = trainer.epoch, []

    def measured(self, rate):
        begin = time.perf_counter()
        loss = epoch(self, rate)
        times.append(time.perf_counter() - begin)
        return loss

    trainer.epoch = measured
    return times


def rows_per_second(times, n_rows):
    return n_rows / np.median(times[1:])


def alone(*case):
    """Return rows per second of a new process on one core."""
    command = [sys.executable, __file__, *map(str, case)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return json.loads(ended.stdout.splitlines()[-1])


def together(client, *case):
    """Return rows per second of two workers of a cluster."""
    from skae import distributed

    estimator, X = estimator_and_rows(*case)
    times = timed(distributed.SharedTrainer)
    distributed.fit(estimator, X, client=client)
    return rows_per_second(times, len(X))


def main():
    from distributed import Client, LocalCluster

    head("Two workers beside one process on one core: rows per second")
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        for network in NETWORKS:
            n_columns, n_hidden, n_codes, _ = network
            n_weights = 2 * (n_columns * n_hidden + n_hidden * n_codes)
            n_weights += 2 * n_hidden + n_codes + n_columns
            for batch in BATCHES:
                one, two = alone(*network, batch), together(client, *network, batch)
                row(
                    f"{n_columns}-{n_hidden}-{n_codes}, batch {batch}, "
                    f"{4 * (n_weights + 2) / 1e6:.2f} MB a step: two workers / one core",
                    "",
                    two / one,
                    f"{two / one / 2:.0%} per core, {two:,.0f} / {one:,.0f} rows a second",
                    TIMES,
                )


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    if len(sys.argv) > 1:
        os.sched_setaffinity(0, {0})
        estimator, X = estimator_and_rows(*map(int, sys.argv[1:]))
        from skae._tensorflow.trainer import ProgramTrainer

        times = timed(ProgramTrainer)
        estimator.fit(X)
        print(json.dumps(rows_per_second(times, len(X))))
    else:
        main()
