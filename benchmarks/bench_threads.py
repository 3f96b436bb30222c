"""Threads of a training step, on a machine that is idle and on one that does something else too.

Twelve steps of CycleGAN's preset `small`, each row in a process of its own: with threads that spin while they wait, as
OpenMP does by default; that sleep at once; that sleep after a short spin, as `gantools` asks for; and with as many of
these as the first steps of a budget run choose. The busy processes are started here and do nothing but count. Start and
warm-up are not part of the figures. Run it as a script; it takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gantools.runtime.device import available_cores
from gantools.runtime.threads import SLEEP_SOON

#: name -> (environment, threads; 0: chosen)
ROWS = {
    "all cores, spinning (OpenMP's default)": ({}, -1),
    "all cores, sleeping": ({"OMP_WAIT_POLICY": "PASSIVE"}, -1),
    "all cores, a short spin (gantools)": (SLEEP_SOON, -1),
    "one": (SLEEP_SOON, 1),
    "chosen by the first steps": (SLEEP_SOON, 0),
}
BUDGET_SECONDS = 270.0
_DECIDED = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OMP_NUM_THREADS")


def measure(folder: Path, threads: int, count: int) -> dict[str, float]:
    """Return wall and CPU seconds of `count` steps in this process, and the threads that they ran with."""
    import torch

    from gantools.chunks.shards import ChunkSet
    from gantools.runtime.ranks import Ranks
    from gantools.systems.cyclegan.config import PRESETS
    from gantools.systems.cyclegan.objective import CycleGAN
    from gantools.training.engine import Engine
    from gantools.training.precision import choose_precision
    from gantools.training.thread_trial import ThreadTrial, candidates

    system = CycleGAN(PRESETS["small"], ChunkSet(folder), torch.device("cpu"))
    engine = Engine(system, Ranks())
    engine.start()
    engine.prepare(choose_precision("auto", system.device))
    trial = ThreadTrial(candidates(available_cores()), engine.cycle, BUDGET_SECONDS)
    step = 0
    while not trial.done and (threads == 0 or step < 2):
        torch.set_num_threads(trial.threads if threads == 0 else threads)
        begun = time.perf_counter()
        engine.run(step, 1200)
        trial.note(time.perf_counter() - begun)
        step += 1
    torch.set_num_threads(threads or trial.threads)
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(count):
        engine.run(step + number, 1200)
    used = time.process_time() - cpu
    engine.batches.close()
    return {"wall": time.perf_counter() - wall, "cpu": used, "threads": torch.get_num_threads()}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--busy", type=int, nargs="*", default=[0, 1, 2], help="numbers of busy processes")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(Path(arguments.child[0]), int(arguments.child[1]), arguments.steps)))
        return 0
    from bench_train_step import chunk_folder

    cores = available_cores()
    clean = {name: value for name, value in os.environ.items() if name not in _DECIDED}
    print(f"{arguments.steps} steps of cyclegan's preset small on {cores} cores")
    print(f"{'':44}{'busy processes':>16}{'threads':>9}{'wall s':>9}{'CPU s':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = chunk_folder(Path(name), 256, 256).folder
        for busy in arguments.busy:
            spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
            try:
                for row, (environment, threads) in ROWS.items():
                    command = [sys.executable, __file__, "--steps", str(arguments.steps)]
                    command += ["--child", str(folder), str(cores if threads < 0 else threads)]
                    done = subprocess.run(command, env={**clean, **environment}, stdout=subprocess.PIPE, check=True)
                    took = json.loads(done.stdout)
                    print(f"{row:44}{busy:16}{took['threads']:9}{took['wall']:9.1f}{took['cpu']:9.1f}", flush=True)
            finally:
                for process in spinning:
                    process.kill()
                    process.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
