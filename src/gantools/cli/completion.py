"""Completion for bash, zsh and fish: a script that holds all commands and options, so that a key costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gantools.cli.manual import Command, Entry, all_commands
from gantools.errors import ConfigError

#: Systems that make things with the models of another one.
_MADE_WITH = {"loops": "looplm"}


def completion(shell: str) -> str:
    """Return the script that a shell reads.

    Raises
    ------
    ConfigError
        No script is made for this shell.
    """
    if shell not in _SHELLS:
        raise ConfigError(f"completion: {shell!r} is none of {', '.join(_SHELLS)}")
    return _SHELLS[shell](all_commands())


def _models(command: Command) -> list[str]:
    """Return the models that ship and that a command takes by their names."""
    from gantools.models.shipped import shipped_models

    verb, *parts = command.path
    systems = [_MADE_WITH.get(part, part) for part in parts] if verb == "generate" else []
    return [model.name for model in shipped_models() if model.system in systems]


def _words(command: Command) -> list[str]:
    """Return what may stand where a command's next word is not the value of an option."""
    return [*command.parts, *_models(command), *(name for entry in _options(command) for name in entry.names)]


def _options(command: Command) -> Iterable[Entry]:
    return (entry for entry in command.entries if entry.names[0].startswith("-"))


def _bash(commands: Sequence[Command]) -> str:
    table, values = [], []
    for command in commands:
        key = " ".join(command.path)
        table.append(f'        "{key}") words="{" ".join(_words(command))}" ;;')
        for entry in _options(command):
            pattern = "|".join(f'"{key} {name}"' for name in entry.names)
            if entry.value:
                # Where nothing is to choose from, it is a file or whatever the user knows: the shell's own completion.
                values.append(f'        {pattern}) values="{" ".join(entry.choices)}"; taken=1 ;;')
    tops = " ".join(dict.fromkeys(command.path[0] for command in commands))
    depths = "|".join(f'"{" ".join(command.path)}"' for command in commands)
    return f"""# bash completion of gantools
_gantools() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" path="" word words values taken
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "${{path:+$path }}$word" in
            {depths}) path="${{path:+$path }}$word" ;;
            *) break ;;
        esac
    done
    case "$path $before" in
{chr(10).join(values)}
        *) ;;
    esac
    if [ -n "$taken" ]; then
        COMPREPLY=($(compgen -W "$values" -- "$current"))
        return
    fi
    case "$path" in
        "") words="{tops} --help --version --models --env --completion" ;;
{chr(10).join(table)}
    esac
    # Options only where one is begun: elsewhere files and folders are what most words are.
    case "$current" in
        -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
        *) COMPREPLY=($(compgen -W "$(printf '%s\\n' $words | grep -v '^-')" -- "$current")) ;;
    esac
}}
complete -o bashdefault -o default -F _gantools gantools
"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _zsh(commands: Sequence[Command]) -> str:
    functions = []
    for command in commands:
        name = "_gantools_" + "_".join(command.path)
        lines = [_zsh_option(entry) for entry in _options(command)]
        if command.parts:
            lines += ["'1: :->part'", "'*:: :->rest'"]
            parts = [_quoted(f"{c.path[-1]}:{c.line}") for c in commands if c.path[:-1] == command.path]
            after = f"""
    case $state in
        part) local -a parts; parts=({" ".join(parts)}); _describe command parts ;;
        rest) (( $+functions[{name}_$words[1]] )) && {name}_$words[1] ;;
    esac"""
        else:
            models = _models(command)
            lines.append(f"'*:model or file:_gantools_model {' '.join(models)}'" if models else "'*:file:_files'")
            after = ""
        options = " \\\n        ".join(lines)
        functions.append(f"{name}() {{\n    local state line\n    _arguments -C \\\n        {options}{after}\n}}\n")
    verbs = [_quoted(f"{c.path[0]}:{c.line}") for c in commands if len(c.path) == 1]
    return f"""#compdef gantools
# zsh completion of gantools
_gantools_model() {{
    _alternative "models:model that ships:($*)" 'files:file:_files'
}}
{"".join(functions)}
_gantools() {{
    local state line
    _arguments -C '(-h --help)'{{-h,--help}}'[Show the verbs]' '(-V --version)'{{-V,--version}}'[Print the version]' \\
        '--models[List models]' \\
        '--env[Print versions, devices and models]' '--completion[Print completion]:shell:({" ".join(_SHELLS)})' \\
        '1: :->verb' '*:: :->rest'
    case $state in
        verb) local -a verbs; verbs=({" ".join(verbs)}); _describe verb verbs ;;
        rest) (( $+functions[_gantools_$words[1]] )) && _gantools_$words[1] ;;
    esac
}}
if [ "$funcstack[1]" = _gantools ]; then _gantools "$@"; else compdef _gantools gantools; fi
"""


def _zsh_option(entry: Entry) -> str:
    told = entry.help.translate(str.maketrans("[]:\\", "()  "))
    value = ""
    if entry.value:
        value = f":value:({' '.join(entry.choices)})" if entry.choices else ":value:_files"
    if len(entry.names) == 1:
        return _quoted(f"{entry.names[0]}[{told}]{value}")
    # Names of one option: one of them is enough.
    return f"'({' '.join(entry.names)})'{{{','.join(entry.names)}}}{_quoted(f'[{told}]{value}')}"


def _fish(commands: Sequence[Command]) -> str:
    lines = [
        "# fish completion of gantools",
        "function __gantools_at",
        "    set -l words (commandline -opc)",
        "    set -l path",
        "    for word in $words[2..-1]",
        "        string match -q -- '-*' $word; and break",
        "        set -a path $word",
        "        test (count $path) -ge 2; and break",
        "    end",
        "    # A verb without parts is followed by its files.",
        '    test "$path" = "$argv"; or begin',
        '        test (count $argv) -eq 1; and not contains -- "$argv" $__gantools_groups',
        '        and test "$path[1]" = "$argv"',
        "    end",
        "end",
        f"set -g __gantools_groups {' '.join(command.path[0] for command in commands if command.parts)}",
        "complete -c gantools -n __fish_use_subcommand -l version -s V -d 'Print the version'",
        "complete -c gantools -n __fish_use_subcommand -l models -d 'List models'",
        "complete -c gantools -n __fish_use_subcommand -l env -d 'Print versions, devices and models'",
        "complete -c gantools -n __fish_use_subcommand -l completion -d 'Print completion'"
        f" -x -a '{' '.join(_SHELLS)}'",
    ]
    for command in commands:
        here = f"-n {_fished('__gantools_at ' + ' '.join(command.path))}"
        above = "__fish_use_subcommand" if len(command.path) == 1 else f"__gantools_at {command.path[0]}"
        lines.append(f"complete -c gantools -f -n {_fished(above)} -a {command.path[-1]} -d {_fished(command.line)}")
        if models := _models(command):
            lines.append(f"complete -c gantools {here} -a '{' '.join(models)}' -d 'model that ships'")
        for entry in _options(command):
            names = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in entry.names)
            value = ""
            if entry.value:
                value = f"-x -a '{' '.join(entry.choices)}' " if entry.choices else "-r "
            lines.append(f"complete -c gantools {here} {names} {value}-d {_fished(entry.help)}")
    return "\n".join(lines) + "\n"


def _fished(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SHELLS: dict[str, Callable[[Sequence[Command]], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
