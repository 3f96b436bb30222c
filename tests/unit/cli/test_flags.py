"""Precedence and checks of options."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer

from gantools.cli.configuration import config_options, resolve_config
from gantools.cli.flags import BATCH, Run, verb, was_debug
from gantools.cli.sources import Sources
from gantools.errors import ConfigError
from gantools.options import config_hash, from_mapping, option, to_mapping


@dataclass(frozen=True)
class Options:
    depth: int = option(3, "How deep.", low=1, high=9)
    rate: float = option(0.5, "How fast.", low=0)
    kind: str = option("a", "Which.", choices=("a", "b"))
    loud: bool = option(False, "Whether.")
    hop_samples: int = option(4, "How far.", flag="hop")
    seed: int = option(7, "Where to begin.", flag="")


Count = Annotated[int, typer.Option("--count", help="How many.", min=1)]
PRESETS = {"default": Options(), "deep": Options(depth=9)}


def resolve(config_file: Path | None = None, **values: object) -> Options:
    sources = Sources(config_file, config_options(Options, PRESETS))
    return resolve_config(Options, values, PRESETS, "default", sources)


@pytest.fixture
def run_of(tmp_path: Path):
    """Return the options that a command gets from its arguments and the lines of a TOML file."""
    found: list[tuple[Run, Options, int]] = []
    app = typer.Typer()

    @verb(app, "try", Options, uses=(*BATCH, "seed", "device"), presets=PRESETS)
    def attempt(
        count: Count = 2,
        *,
        run: Run,
        config: Options,
    ) -> int:
        """Try."""
        found.append((run, config, count))
        return 0

    def resolved(*arguments: str, toml: str = "") -> tuple[Run, Options, int]:
        (tmp_path / "x.toml").write_text(toml)
        command = typer.main.get_command(app)
        command(args=[*arguments, "--config", str(tmp_path / "x.toml")], standalone_mode=False)
        return found.pop()

    return resolved


def test_flag_over_variable_over_file_over_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = tmp_path / "x.toml"
    toml.write_text('preset = "deep"\nrate = 2\n')
    assert resolve(config_file=toml) == Options(depth=9, rate=2.0)
    assert resolve(config_file=toml, preset="default") == Options(rate=2.0)
    monkeypatch.setenv("GANTOOLS_RATE", "3")
    monkeypatch.setenv("GANTOOLS_LOUD", "yes")
    assert resolve(config_file=toml) == Options(depth=9, rate=3.0, loud=True)
    assert resolve(config_file=toml, rate=4.0, loud=False) == Options(depth=9, rate=4.0)


def test_the_variable_of_the_preset_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = tmp_path / "x.toml"
    toml.write_text('preset = "deep"\n')
    monkeypatch.setenv("GANTOOLS_PRESET", "default")
    assert resolve(config_file=toml).depth == 3
    assert resolve(config_file=toml, preset="deep").depth == 9


#: Standard option: arguments, its variable, its value in TOML; and what each of the three gives.
STANDARD = {
    "out": (("-o", "a"), "b", '"c"', Path("a"), Path("b"), Path("c")),
    "jobs": (("-j", "1"), "2", "3", 1, 2, 3),
    "cluster": (("--cluster", "tcp://h:1"), "tcp://h:2", '"tls://h:3"', "tcp://h:1", "tcp://h:2", "tls://h:3"),
    "device": (("-d", "auto"), "cpu", '"mps"', "auto", "cpu", "mps"),
    "seed": (("-s", "0"), "2", "3", 0, 2, 3),
    "on_error": (("--on-error", "continue"), "stop", '"stop"', "continue", "stop", "stop"),
    "shard": (("--shard", "1/1"), "2/3", '"3/3"', (1, 1), (2, 3), (3, 3)),
    "limit": (("--limit", "0"), "2", "3", 0, 2, 3),
    "name": (("--name", "{rel}/{stem}.{ext}"), "b", '"c"', "{rel}/{stem}.{ext}", "b", "c"),
    "count": (("--count", "2"), "3", "4", 2, 3, 4),
    "dry_run": (("-n",), "0", "false", True, False, False),
    "force": (("-f",), "no", "false", True, False, False),
    "check": (("--check",), "0", "false", True, False, False),
    "json": (("--json",), "off", "false", True, False, False),
    "null": (("-0",), "FALSE", "false", True, False, False),
    "quiet": (("-q",), "0", "false", True, False, False),
    "verbose": (("-v",), "0", "false", True, False, False),
    "debug": (("--debug",), "0", "false", True, False, False),
}


def test_the_table_holds_every_standard_option() -> None:
    others = {"verb", "map", "page", "missed", "preset", "automatic", "command"}
    assert set(STANDARD) == {field.name for field in dataclasses.fields(Run)} - others | {"count"}


@pytest.mark.parametrize("name", STANDARD)
def test_a_standard_option_from_flag_variable_and_file(run_of, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    arguments, variable, line, by_flag, by_variable, by_file = STANDARD[name]

    def value(*given: str, toml: str = "") -> object:
        run, _, count = run_of(*given, toml=toml)
        return count if name == "count" else getattr(run, name)

    toml = f"{name} = {line}"
    assert value(toml=toml) == by_file
    assert value(toml=toml.replace("_", "-", 1)) == by_file
    assert value(*arguments, toml=toml) == by_flag  # also where it equals the default
    monkeypatch.setenv(f"GANTOOLS_{name.upper()}", variable)
    assert value(toml=toml) == by_variable
    assert value(*arguments, toml=toml) == by_flag
    monkeypatch.setenv(f"GANTOOLS_{name.upper()}", "")  # as good as unset
    assert value(toml=toml) == by_file


@pytest.mark.parametrize("name", [name for name, row in STANDARD.items() if row[3] is True])
def test_a_standard_switch_is_on_by_variable_and_file(run_of, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert getattr(run_of(toml=f"{name} = true")[0], name)
    assert not getattr(run_of()[0], name)
    monkeypatch.setenv(f"GANTOOLS_{name.upper()}", "On")
    assert getattr(run_of()[0], name)
    monkeypatch.setenv(f"GANTOOLS_{name.upper()}", "perhaps")
    with pytest.raises(ConfigError, match=f"GANTOOLS_{name.upper()}='perhaps': write true or false"):
        run_of()


def test_what_nobody_asks_for_has_its_default(run_of) -> None:
    assert run_of() == (Run(verb="try", seed=7), Options(), 2)
    assert run_of("--jobs", "0", "--limit", "0")[0] == Run(verb="try", seed=7, jobs=0)  # the least that is taken


def test_a_seed_comes_from_file_and_preset_too(run_of) -> None:
    run, config, _ = run_of(toml="seed = 5")
    assert (run.seed, config.seed) == (5, 5)
    run, config, _ = run_of("--seed", "0", toml="seed = 5")
    assert (run.seed, config.seed) == (0, 0)
    assert run_of()[0].seed == 7  # the configuration's own


@pytest.mark.parametrize("key", ["hop", "hop_samples", "hop-samples"])
def test_a_file_takes_the_name_of_the_field_and_of_its_flag(run_of, key: str) -> None:
    assert run_of(toml=f"{key} = 9")[1].hop_samples == 9


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("dept = 2", "did you mean depth"),
        ("job = 2", "did you mean jobs"),
        ('depth = "2"', "not of type int"),
        ("depth = true", "not of type int"),
        ("jobs = true", "not of type int"),
        ("jobs = -1", "jobs: -1 is out of range; at least 0"),
        ("count = 0", "count: 0 is out of range; at least 1"),
        ("out = 5", "not of type str"),
        ("quiet = 1", "not of type bool"),
        ("depth = 10", "depth: 10 is out of range"),
        ("rate = nan", "out of range"),
        ('kind = "c"', "not one of a, b"),
        ('preset = "dep"', "did you mean deep"),
        ("preset = 5", "not of type str"),
        ("hop = 2\nhop-samples = 3", "hop and hop-samples are one option"),
        ("depth = ", "not a TOML file"),
        ("[try]\ndepth = 3", "unknown option 'try'"),
        ('shard = "0/4"', "--shard '0/4': write I/N"),
        ('on-error = "halt"', "write continue or stop"),
        ("depth = " + "[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_file_is_named_with_the_reason(run_of, text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(word)):
        run_of(toml=text)


def test_bad_flags_and_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="--depth: 0 is out of range"):
        resolve(depth=0)
    monkeypatch.setenv("GANTOOLS_DEPTH", "10")
    with pytest.raises(ConfigError, match="GANTOOLS_DEPTH: 10 is out of range"):
        resolve()
    monkeypatch.setenv("GANTOOLS_DEPTH", "many")
    with pytest.raises(ConfigError, match="GANTOOLS_DEPTH='many' is not of type int"):
        resolve()


@pytest.mark.parametrize("shard", ["0/4", "5/4", "1/0", "-1/4", "1", "1/2/3", "a/b", ""])
def test_a_shard_that_does_not_exist_is_refused(run_of, shard: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"--shard {shard!r}: write I/N with 1 <= I <= N")):
        run_of("--shard", shard)


def test_debug_is_off_where_its_variable_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, on in (("0", False), ("false", False), ("", False), ("1", True), ("YES", True)):
        monkeypatch.setenv("GANTOOLS_DEBUG", text)
        assert was_debug([]) is on
    monkeypatch.setenv("GANTOOLS_DEBUG", "0")
    assert was_debug(["melify", "--debug"])


def test_options_stand_in_sections_with_those_of_every_verb_last(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass(frozen=True)
    class Grouped:
        deep: int = option(1, "How deep.", group="Networks")
        long: int = option(1, "How long.")
        wide: int = option(1, "How wide.", group="Networks")

    app = typer.Typer(rich_markup_mode=None)
    verb(app, "try", Grouped, uses=("out",))(lambda run, config: 0)
    typer.main.get_command(app)(args=["--help"], standalone_mode=False)
    shown = capsys.readouterr().out
    places = [shown.index(word) for word in ("Options:", "--long", "Network:", "--deep", "--wide", "Options of every")]
    assert places == sorted(places)
    assert shown.count("Network:") == 1
    assert shown.index("Options of every verb:") < min(shown.index(word) for word in ("--config", "--help"))
    assert shown.index("Input and output:") < shown.index("--out") < shown.index("Options of every verb:")


def test_dump_and_hash() -> None:
    assert from_mapping(Options, to_mapping(Options(depth=4))) == Options(depth=4)
    assert config_hash(Options()) == config_hash(Options(depth=3)) != config_hash(Options(depth=4))


@pytest.mark.parametrize(
    ("arguments", "toml", "variable", "length"),
    [
        ({}, "", "", (0, "4m")),
        ({"steps": 50}, "", "", (0, "")),
        ({}, "steps = 50", "", (0, "")),
        ({}, "", "50", (0, "")),
        ({"budget": "2m"}, "steps = 50", "", (0, "2m")),
        ({"steps": 50}, 'budget = "2m"', "", (0, "")),
        ({}, 'budget = "2m"', "50", (0, "")),
        ({"steps": 50, "budget": ""}, "", "", (0, "")),
        ({"epochs": 3}, "", "", (3, "")),
        ({"epochs": 3}, 'budget = "2m"', "50", (3, "")),
        ({"budget": "2m"}, "epochs = 3", "", (0, "2m")),
        ({}, "epochs = 3", "50", (0, "")),
        ({"steps": 50, "budget": "2m"}, "", "", "--steps and --budget exclude each other; give one of --steps, "),
        ({}, 'budget = "2m"\nepochs = 3', "", "--epochs and --budget exclude each other"),
        ({"steps": 50, "epochs": 3, "budget": "2m"}, "", "", "--steps and --epochs and --budget exclude"),
    ],
)
def test_the_length_of_a_run_is_said_in_one_way(
    arguments: dict[str, object],
    toml: str,
    variable: str,
    length: tuple[int, str] | str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is asked for most strongly puts out the others; two that are asked for alike are refused."""
    from gantools.systems.caw.config import PRESETS, CawConfig

    (tmp_path / "x.toml").write_text(toml)
    if variable:
        monkeypatch.setenv("GANTOOLS_STEPS", variable)
    sources = Sources(tmp_path / "x.toml", config_options(CawConfig, PRESETS))
    values = {"preset": "small", **arguments}
    if isinstance(length, str):
        with pytest.raises(ConfigError, match=length):
            resolve_config(CawConfig, values, PRESETS, "default", sources)
        return
    chosen = resolve_config(CawConfig, values, PRESETS, "default", sources)
    assert (chosen.epochs, chosen.budget) == length


def command_of(function, **options):
    """Return a command and what its parameters say: name -> (flags, help)."""
    app = typer.Typer(rich_markup_mode=None)
    verb(app, "try", Options, **{"uses": (*BATCH, "seed"), "presets": PRESETS, **options})(function)
    command = typer.main.get_command(app)
    shown = {p.name: ([*p.opts, *p.secondary_opts], p.help) for p in command.params if hasattr(p, "help")}
    return command, shown


def attempt(
    names: Annotated[list[str], typer.Argument()],
    must: Annotated[str, typer.Option("--must", "-m", help="Must.")],
    count: Count = 2,
    word: Annotated[str | None, typer.Option("--word", help="Word.")] = None,
    loudly: Annotated[bool, typer.Option("--loudly", help="Loudly.")] = False,
    *,
    run: Run,
    config: Options,
) -> int | None:
    """Try."""
    run.missed.extend(name for name in names if name == "gone")
    found.append((names, must, count, word, loudly, run, config))
    return int(must) if must.isdigit() else None


found: list[tuple[object, ...]] = []


def test_help_tells_flags_and_defaults() -> None:
    _, shown = command_of(attempt, preset="deep", name_template="{stem}")
    expected = {
        "must": (["--must", "-m"], "Must. [required]"),
        "count": (["--count"], "How many. [2]"),
        "word": (["--word"], "Word."),
        "loudly": (["--loudly"], "Loudly."),
        "out": (["--out", "-o"], "Folder to write to."),
        "jobs": (["--jobs", "-j"], "Files worked on at a time; 0 takes all cores. [1]"),
        "name": (["--name"], "Output name from {rel}, {stem}, {role}, {song} and {ext}. [{stem}]"),
        "null": (["-0"], "Names on standard input end with NUL."),
        "limit": (["--limit"], "Stop after so many inputs; 0 takes all. [0]"),
        "quiet": (["--quiet", "-q"], "Show errors only."),
        "depth": (["--depth"], "How deep. [9]"),
        "kind": (["--kind"], "Which. One of a, b. [a]"),
        "loud": (["--loud", "--no-loud"], "Whether. [off]"),
        "hop_samples": (["--hop"], "How far. [4]"),
        "preset": (["--preset"], "Named settings: default, deep. [deep]"),
        "config_file": (["--config"], "TOML file with option names as keys."),
        "print_config": (["--print-config"], "Print the resolved options as JSON and exit."),
    }
    assert {name: shown[name] for name in expected} == expected
    assert "seed" in shown
    _, shown = command_of(attempt, uses=(), presets=None)
    assert not {"seed", "out", "preset"} & set(shown)  # a field without a flag has none


def test_a_unit_and_an_unset_value_are_shown() -> None:
    @dataclass(frozen=True)
    class Shown:
        length: float = option(2.0, "Length.", unit="s")
        model: str = option("", "Model.")

    app = typer.Typer(rich_markup_mode=None)
    verb(app, "try", Shown, uses=())(lambda run, config: 0)
    helps = {p.name: getattr(p, "help", None) for p in typer.main.get_command(app).params}
    assert (helps["length"], helps["model"]) == ("Length. [2.0 s]", "Model. [unset]")


def test_a_command_gets_what_was_given_and_returns_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    command, _ = command_of(attempt, action="acts", name_template="{stem}")

    def code(*arguments: str) -> object:
        return command(args=list(arguments), standalone_mode=False)

    assert code("a", "b", "--must", "x", "--loudly", "--depth", "4") == 0
    names, must, count, word, loudly, run, config = found.pop()
    assert (names, must, count, word, loudly) == (["a", "b"], "x", 2, None, True)
    assert run == Run(verb="acts", seed=7, name="{stem}")
    assert config == Options(depth=4)
    # What was missed while inputs were gathered makes it 1, unless it is something worse.
    assert [code(name, "-m", text) for name, text in (("a", "3"), ("gone", "x"), ("gone", "0"), ("gone", "2"))] == [
        3, 1, 1, 2,
    ]  # fmt: skip
    found.clear()
    with pytest.raises(ConfigError, match="missing option '--must'"):
        code("a")
    assert code("a", "--print-config", "--rate", "2") == 0
    assert capsys.readouterr().out == json.dumps(to_mapping(Options(rate=2.0)), indent=2) + "\n"
    assert found == []


def test_debug_lets_libraries_be_heard_wherever_it_is_found(run_of, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bool] = []
    monkeypatch.setattr("gantools.cli.flags.hear_libraries", lambda: heard.append(True))
    run_of()
    assert not heard
    run_of(toml="debug = true")
    assert heard == [True]


def test_an_unknown_preset_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no preset 'dep'; there are default, deep; did you mean deep"):
        resolve(preset="dep")
    sources = Sources(None, config_options(Options))
    assert resolve_config(Options, {"preset": "deep"}, {}, "default", sources) == Options()


def test_a_budget_of_the_environment_yields_to_a_flag_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from gantools.systems.caw.config import PRESETS, CawConfig

    (tmp_path / "x.toml").write_text("steps = 50")
    monkeypatch.setenv("GANTOOLS_BUDGET", "2m")

    def budget(file: Path | None = None, **arguments: object) -> str:
        sources = Sources(file, config_options(CawConfig, PRESETS))
        return resolve_config(CawConfig, {"preset": "small", **arguments}, PRESETS, "default", sources).budget

    assert (budget(), budget(steps=50), budget(tmp_path / "x.toml")) == ("2m", "", "2m")
    monkeypatch.setenv("GANTOOLS_STEPS", "50")
    with pytest.raises(ConfigError, match="exclude each other"):
        budget()
    assert (budget(budget="3m"), budget(steps=60)) == ("3m", "")
    monkeypatch.delenv("GANTOOLS_STEPS")
    assert budget(epochs=0) == "2m"  # no epochs put nothing out
