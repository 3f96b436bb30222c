"""``gantools.toml`` of the project and of the user: which counts, what is refused, what is said of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gantools.cli.standing import standing_files

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write the files of the project and of the user."""
    monkeypatch.setenv("GANTOOLS_NO_FILES", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))

    def files(project: str = "", user: str = "") -> None:
        (tmp_path / "home/gantools").mkdir(parents=True, exist_ok=True)
        (tmp_path / "gantools.toml").write_text(project)
        (tmp_path / "home/gantools/gantools.toml").write_text(user)

    return files


def resolved(gantools: Run, *arguments: str, **environment: str) -> dict[str, object]:
    """Return the options of a command as it prints them."""
    done = gantools(*arguments, "--print-config", **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_flag_over_variable_over_config_over_project_over_user_over_preset(
    gantools: Run, write: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "x.toml").write_text("n-mels = 30")
    write("[melify]\nn-mels = 40", "[melify]\nn_mels = 50")
    flag, variable, file = ("--n-mels", "10"), {"GANTOOLS_N_MELS": "20"}, ("--config", "x.toml")
    assert resolved(gantools, "melify", *flag, *file, **variable)["n_mels"] == 10
    assert resolved(gantools, "melify", *file, **variable)["n_mels"] == 20
    assert resolved(gantools, "melify", *file)["n_mels"] == 30
    assert resolved(gantools, "melify")["n_mels"] == 40
    write("", "[melify]\nn_mels = 50")
    assert resolved(gantools, "melify")["n_mels"] == 50
    assert resolved(gantools, "melify", GANTOOLS_NO_FILES="1")["n_mels"] == 256


def test_a_system_beats_its_verb_and_a_project_the_user(gantools: Run, write: Callable[..., None]) -> None:
    write('[train]\nbudget = "1h"\nlr = 0.5', '[train]\nbudget = "2h"\n[train.caw]\nwidth = 32\nlr = 0.25')
    found = resolved(gantools, "train", "caw")
    assert (found["budget"], found["width"], found["lr"]) == ("1h", 32, 0.5)
    write('[train]\nbudget = "1h"\n[train.caw]\nbudget = "3h"')
    assert resolved(gantools, "train", "caw")["budget"] == "3h"
    assert resolved(gantools, "train", "wavegan")["budget"] == "1h"
    # What is asked for more strongly puts out the other: steps of the project the budget of the user.
    write("[train]\nsteps = 5", '[train]\nbudget = "2h"')
    assert (resolved(gantools, "train", "caw")["steps"], resolved(gantools, "train", "caw")["budget"]) == (5, "")


def test_what_counted_is_said_in_a_line(gantools: Run, write: Callable[..., None], write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "a.wav", 0.5)
    write('json = true\nseed = 3\n[melify]\nout = "mels"\nrole = "bass"', 'role = "x"\n[melify]\nrole = "drums"')
    done = gantools("melify", "a.wav")
    assert done.returncode == 2
    assert "unknown: 'role'" in done.stderr  # no option of every verb
    write('json = true\nseed = 3\n[melify]\nout = "mels"\nrole = "bass"', '[melify]\nrole = "drums"')
    done = gantools("melify", "a.wav")
    assert json.loads(done.stdout)["role"] == "bass"
    assert done.stderr.splitlines()[0] == "gantools melify: options from gantools.toml: role, out, json"
    assert "options from" not in gantools("melify", "a.wav", "-q").stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[train.cwa]\n[tran]\n[train]\nbudgte = 3\nfoo = 1",
            "unknown: [tran] (did you mean train?), 'budgte' in [train] (did you mean budget?), 'foo' in [train], "
            "[train.cwa] (did you mean caw?)",
        ),
        ("[train.caw]\nsteeps = 3", "unknown: 'steeps' in [train.caw] (did you mean steps?)"),
        ("train = 3", "unknown: 'train'"),
        ('[train.caw]\nwidth = "wide"', "[train.caw] width: 'wide' is not of type int"),
        ("[train.caw]\nwidth = 0", "[train.caw] width: 0 is out of range"),
        ("[train.caw]\nwidth = 3\n[train.caw.more]", "unknown: [train.caw.more]"),
        ("[train]\nsteps = 3\n[train.wavegan]\nnever = 3", ""),  # another system's
        ("force = true", "force is for the command line alone; take it out"),
        ("[train]\nresume = false", "resume is for the command line alone; take it out"),
        ("cluster = 'tcp://h:1'", "cluster is for the command line alone; take it out"),
        ("[train", "not a TOML file"),
        ("[separate]\ndownload = true", ""),  # of no matter to this command
    ],
)
def test_a_mistake_is_one_line_with_what_was_meant(
    text: str, said: str, gantools: Run, write: Callable[..., None]
) -> None:
    write(text)
    done = gantools("train", "caw", "--print-config")
    assert done.returncode == (2 if said else 0)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == bool(said)


def test_no_file_asks_for_the_network(gantools: Run, write: Callable[..., None]) -> None:
    write("", "[separate]\ndownload = true")
    done = gantools("separate", "--print-config")
    assert done.returncode == 2
    assert done.stderr.endswith("gantools.toml: download is for the command line alone; take it out\n")


def test_the_project_ends_at_its_repository(
    tmp_path: Path, write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "work/deep"
    below.mkdir(parents=True)
    write("")
    monkeypatch.chdir(below)
    assert standing_files()["project"] == below / "gantools.toml"  # one above is anybody's
    (tmp_path / ".git").mkdir()
    assert standing_files()["project"] == tmp_path / "gantools.toml"
    (tmp_path / "work/.git").write_text("gitdir: elsewhere")  # as of a submodule
    assert standing_files()["project"] == below / "gantools.toml"


def test_env_says_which_files_are_read(gantools: Run, write: Callable[..., None], tmp_path: Path) -> None:
    write("", "")
    (tmp_path / "gantools.toml").unlink()
    line = next(line for line in gantools("--env").stdout.splitlines() if line.startswith("files "))
    assert line.split(None, 1)[1] == (
        f"project none ({tmp_path / 'gantools.toml'}); user {tmp_path / 'home/gantools/gantools.toml'}"
    )


def test_python_reads_none(write: Callable[..., None], tmp_path: Path, monkeypatch, write_tone) -> None:
    import gantools as gt
    from gantools.audio.melfile import read_mel

    write("[melify]\nn_mels = 40")
    monkeypatch.chdir(tmp_path)
    write_tone(tmp_path / "a.wav", 0.5)
    (record,) = gt.run("melify", "a.wav", out="mels")
    assert read_mel(record["path"]).params.n_mels == 256
