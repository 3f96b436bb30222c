"""What shells complete, and the manual pages: of the commands as they are, in real shells where these are installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gantools.cli.app import VERBS
from gantools.cli.completion import completion
from gantools.cli.manpages import manual_pages
from gantools.cli.manual import all_commands
from gantools.errors import ConfigError

PAGES = Path(__file__).resolve().parents[2] / "docs/man"
#: What is typed, and words of which all must be offered; the last ones must not.
TYPED = (
    ("gantools ge", ["generate"], ["evaluate"]),
    ("gantools generate mu", ["musika"], ["symphony"]),
    ("gantools generate symphony sy", ["symphony"], []),
    ("gantools generate symphony --kit h", ["house"], ["rock"]),
    ("gantools generate symphony --ki", ["--kit"], ["--bpm"]),
    ("gantools train musika --preset ", ["paper", "small"], []),
    ("gantools separate song.wav --two", ["--two-stems"], ["--shifts"]),
)
_BASH = """
source {script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()
_gantools; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
_ZSH = """
zmodload zsh/zpty; zpty shell "zsh -f -i"
zpty -w shell 'PS1=; autoload -Uz compinit; compinit -u -D; source {script}; echo re''ady'
zpty -r -m shell line '*ready*'
zpty -w -n shell "{typed}"$'\\t\\t'; sleep {wait}
while zpty -r -t shell line; do print -r -- $line; done
"""


def offered(shell: str, typed: str, script: Path, wait: int = 2) -> str:
    """What a real shell offers behind what is typed; zsh is given so many seconds for it."""
    if shell == "bash":
        *words, last = typed.split(" ")
        code = _BASH.format(script=script, words=" ".join([*words, f"'{last}'"]))
    elif shell == "fish":
        code = f"source {script}; complete -C '{typed}'"
    else:
        code = _ZSH.format(script=script, typed=typed, wait=wait)
    return subprocess.run([shell, "-c", code], capture_output=True, text=True, timeout=60, check=False).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_verbs_systems_models_options_and_choices(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    script = tmp_path / "completion"
    script.write_text(completion(shell), encoding="utf-8")
    for typed, wanted, unwanted in TYPED[:3] if shell == "zsh" else TYPED:
        found = offered(shell, typed, script)
        if shell == "zsh" and not all(word in found for word in wanted):
            found = offered(shell, typed, script, wait=30)  # on a busy machine
        words = found.replace("\t", " ").split()
        # A terminal shows the word that was completed among what it draws.
        assert all(word in (found if shell == "zsh" else words) for word in wanted), (typed, found)
        assert not any(word in words for word in unwanted), (typed, found)


def test_another_shell_is_one_line() -> None:
    with pytest.raises(ConfigError, match="none of bash, zsh, fish"):
        completion("tcsh")


def test_every_command_has_a_line_and_every_option_its_words() -> None:
    commands = list(all_commands())
    assert [command.path[0] for command in commands if len(command.path) == 1] == list(VERBS)
    for command in commands:
        assert command.line.endswith("."), command.path
        assert all(entry.help for entry in command.entries), command.path


def test_the_manual_pages_are_those_of_the_commands() -> None:
    """``make man`` writes them anew."""
    pages = manual_pages()
    assert {path.name for path in PAGES.glob("*.1")} == set(pages)
    for name, text in pages.items():
        assert (PAGES / name).read_text(encoding="utf-8") == text, f"{name} is not of this version; make man"


@pytest.mark.skipif(not shutil.which("groff"), reason="no groff here")
def test_the_manual_pages_are_clean_roff() -> None:
    for path in PAGES.glob("*.1"):
        run = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", str(path)], capture_output=True, text=True, timeout=60, check=False
        )
        assert run.returncode == 0
        # Lines that cannot be justified are no fault.
        assert not [line for line in run.stderr.splitlines() if "adjust" not in line and "break" not in line], path.name
        assert "gantools" in run.stdout


def test_help_of_a_verb_version_and_environment(gantools: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    for words, wanted in (
        (["help", "melify"], "Usage: gantools melify"),
        (["help"], "Commands:"),
        (["-V"], "gantools "),
        (["--env"], "torch"),
        (["--completion", "bash"], "complete -o"),
    ):
        run = gantools(*words)
        assert (run.returncode, run.stderr) == (0, "")
        assert wanted in run.stdout
