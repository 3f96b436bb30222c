"""A shell for recipes: real bash, whose `gantools` is a fork of one process that has imported what verbs use.

The start of Python and torch, seconds for each call, is paid once; each call has a process, a folder, an environment
and streams of its own all the same, as a pipe and a loop of the shell need them.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

#: What `gantools` is in the shell: hands its streams to the server and waits for the exit code.
CLIENT = """#!/bin/sh
'''exec' "{python}" -SE "$0" "$@"
' '''
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect({address!r})
request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(s, [len(request).to_bytes(4, "big")], [0, 1, 2])
s.sendall(request)
sys.exit(int(s.recv(8) or b"70"))
"""


class WarmShell:
    """Run lines of bash in `folder`, with `gantools` at hand; a context."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> WarmShell:
        self.bin = self.folder / ".bin"
        self.bin.mkdir()
        address = str(self.bin / "socket")
        (self.bin / "gantools").write_text(CLIENT.format(python=sys.executable, address=address), encoding="utf-8")
        (self.bin / "gantools").chmod(0o755)
        self.server = subprocess.Popen([sys.executable, __file__, address], stdout=subprocess.PIPE)
        assert self.server.stdout.readline() == b"ready\n"  # type: ignore[union-attr]
        return self

    def __exit__(self, *_: object) -> None:
        self.server.terminate()
        self.server.communicate()

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script; it stops at the first command that fails, in a pipe too."""
        places = (self.bin, Path(sys.executable).parent, os.environ["PATH"])
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**os.environ, **environment, "PATH": ":".join(map(str, places))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )


def serve(address: str) -> None:
    """Answer clients, each by a fork; never returns."""
    import torch

    import gantools
    from gantools.cli.app import main

    torch.set_num_threads(1)
    for module in pkgutil.walk_packages(gantools.__path__, "gantools."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)
    assert threading.active_count() == 1, "a fork has the thread that forks, and no other"
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen()
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    while True:
        client, _ = server.accept()
        size, streams, _, _ = socket.recv_fds(client, 4, 3)
        if not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            server.close()
            _answer(client, int.from_bytes(size, "big"), streams, main)
        client.close()
        for stream in streams:
            os.close(stream)


def _answer(client: socket.socket, size: int, streams: list[int], main: object) -> None:
    request = b""
    while len(request) < size:
        request += client.recv(size - len(request))
    arguments, folder, environment = json.loads(request)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    code = 1
    try:
        main(arguments)  # type: ignore[operator]
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        client.sendall(str(code).encode())
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
