"""A listening test from the command line: sets of clips in, one page and its key out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools.cli.batch import require_out
from gantools.cli.flags import Run
from gantools.cli.inputs import AUDIO_SUFFIXES, gather_sets
from gantools.cli.progress import Bar
from gantools.cli.records import emit, say
from gantools.errors import ConfigError, InputError
from gantools.files.hashing import hash_json
from gantools.options import to_mapping
from gantools.report.clip import Clip
from gantools.report.listening.config import ListenConfig
from gantools.report.listening.forms import FORMS
from gantools.version import __version__

if TYPE_CHECKING:
    from gantools.files.manifest import Manifest
    from gantools.report.listening.plan import Plan
    from gantools.report.listening.sound import Sounds

_KEY, _REAL = "listen", "real"
#: Of the page, where nothing says otherwise: too many to be meant.
_MIB = 1 << 20


def listen(places: Sequence[str], run: Run, config: ListenConfig) -> int:
    """Make a listening test of what the command line names; return the exit code.

    Parameters
    ----------
    places : sequence of str
        Folders, files or lists, a set each, named after their folders.
    run : Run
    config : ListenConfig
    """
    require_out(run)
    names, real = set_names(places, config.real)
    given = [[place] for place in (*names.values(), *filter(None, [config.dry_stems]))]
    found = gather_sets(given, AUDIO_SUFFIXES, run, results_only=True)
    clips = [[Clip(i.path, i.key, i.role, i.song, i.named.part) for i in items] for items in found]
    sets = dict(zip(names, clips, strict=False))
    return _Test(run, config, sets, real, clips[len(names)] if config.dry_stems else []).execute()


def set_names(places: Sequence[str], real: str) -> tuple[dict[str, str], str]:
    """Return the name of each set -> its place, and which of them is real, or nothing.

    Examples
    --------
    >>> set_names(["night/a", "night/b"], "music/real")
    ({'a': 'night/a', 'b': 'night/b', 'real': 'music/real'}, 'real')
    """
    names: dict[str, str] = {}
    for place in places:
        plain = "stdin" if place == "-" else Path(place).resolve().name if Path(place).is_dir() else Path(place).stem
        name, number = plain, 2
        while name in names:
            name, number = f"{plain} {number}", number + 1
        names[name] = place
    if not real:
        return names, _REAL if _REAL in names else ""
    same = [name for name, place in names.items() if Path(place).resolve() == Path(real).resolve()]
    if same:
        return names, same[0]
    if _REAL in names:
        raise ConfigError(f"two sets are called real: {names[_REAL]} and {real}; rename a folder")
    return {**names, _REAL: real}, _REAL


class _Test:
    """One test: planned, made to sound, written."""

    def __init__(self, run: Run, config: ListenConfig, sets: dict[str, list[Clip]], real: str, dry: list[Clip]) -> None:
        self.run, self.config, self.sets, self.real, self.dry = run, config, sets, real, dry
        self.form = FORMS[config.form]
        self.out = require_out(run)
        # Which file is of which set counts too.
        told = {name: [str(clip.path) for clip in clips] for name, clips in {**sets, "": dry}.items()}
        self.digest = hash_json([to_mapping(config), run.seed, __version__, told, real])
        every = [clip for clips in (*sets.values(), dry) for clip in clips]
        self.inputs = {str(clip.path): clip.path for clip in every}
        self.failures: list[str] = []

    def execute(self) -> int:
        """Write what is not up to date; return the exit code."""
        from gantools.files.manifest import Manifest
        from gantools.report.listening.page import KEY_FILE, PAGE_FILE

        plan = self._plan()
        if self.run.dry_run:
            say(self.run, f"would ask for {_in_words(plan)}")
            return self._emit("planned", {})
        manifest, names = Manifest(self.out), [PAGE_FILE, KEY_FILE]
        if not self.run.force:
            record = manifest.up_to_date(_KEY, self.inputs, self.digest, check=self.run.check)
            if record is not None:
                say(self.run, "nothing to do: the test is up to date")
                return self._emit("skipped", dict(record["fields"]))
        if why := manifest.kept(names, self.run.force):
            raise ConfigError(why)
        begun = time.perf_counter()
        try:
            with Bar(self.run, len(plan.trials), "evaluate listen") as bar:
                plan, sounds = self._sounds(plan, bar)
            fields = self._publish(manifest, names, plan, sounds) | {"seconds": round(time.perf_counter() - begun, 3)}
        except InputError as error:
            say(self.run, str(error), error=True)
            return self._emit("error", {"error": str(error), "failed": self.failures}, code=1)
        limit = f"; real clips end at {sounds.band_limit_hz:.0f} Hz" if sounds.band_limit_hz else ""
        say(self.run, f"{_in_words(plan)}; {fields['bytes'] / _MIB:.1f} MB, {sounds.lufs:.1f} LUFS{limit}")
        say(self.run, f"send listeners {PAGE_FILE} alone: {KEY_FILE} says what they hear")
        return self._emit("ok", fields, code=1 if self.failures else 0)

    def _plan(self) -> Plan:
        from gantools.report.listening.plan import plan_test

        return plan_test(self.sets, self.real, self.dry, self.form, self.config, self.run.seed)

    def _sounds(self, plan: Plan, bar: Bar) -> tuple[Plan, Sounds]:
        """Make the clips. A file that cannot be read costs that file: the test is drawn anew without it."""
        from gantools.report.listening.sound import make_sounds

        form, config = self.form, self.config
        encoding = ("flac" if form.lossless else "mp3") if config.encoding == "auto" else config.encoding
        while True:
            try:
                return plan, make_sounds(
                    plan,
                    seconds=(config.clip_seconds or form.seconds) if form.seconds else 0.0,
                    lufs=config.lufs,
                    matched=form.matched,
                    match_bandwidth=config.match_bandwidth,
                    band_limit_hz=config.band_limit_hz,
                    encoding=encoding,
                    tick=bar.update,
                )
            except InputError as error:
                if not self._left_out(error):
                    raise
                plan = self._plan()

    def _left_out(self, error: InputError) -> bool:
        """Drop the file of an error from its set; return whether it was there."""
        kept = {name: [clip for clip in clips if str(clip.path) != error.path] for name, clips in self.sets.items()}
        if kept == self.sets or not all(kept.values()):
            return False
        self.sets = kept
        self.failures.append(str(error))
        say(self.run, str(error), error=True)
        return True

    def _publish(self, manifest: Manifest, names: list[str], plan: Plan, sounds: Sounds) -> dict[str, Any]:
        from gantools.files.atomic import write_json, write_text
        from gantools.files.manifest import fingerprint
        from gantools.report.listening.page import key_of, page_text

        inputs = {name: fingerprint(path) for name, path in self.inputs.items() if path.exists()}
        # Other clips, options or seeds make another test: its answers must not be read with this key.
        told = [self.digest, sorted((name, entry["hash"]) for name, entry in inputs.items())]
        test = hash_json(told)[:12]
        page = page_text(test, plan, sounds, self.form)
        if len(page) > self.config.largest_mb * _MIB:
            raise InputError(
                f"the page would have {len(page) / _MIB:.0f} MB, and --largest-mb is {self.config.largest_mb:g}; take "
                "fewer --clips, fewer --clip-seconds, or --encoding mp3"
            )
        fields = {
            "test": test,
            "form": self.form.name,
            "sets": _counted(plan),
            "clips": sum(len(trial.stimuli) for trial in plan.trials if trial.block),
            "trials": sum(trial.block > 0 for trial in plan.trials),
            "bytes": len(page),
            "lufs": round(sounds.lufs, 2),
            "band_limit_hz": round(sounds.band_limit_hz),
            "failed": self.failures,
        }
        record = {
            "key": _KEY,
            "verb": "evaluate",
            "source": ", ".join(plan.sets),
            "config": "" if self.failures else self.digest,
            "inputs": inputs,
            "seed": self.run.seed,
            "version": __version__,
            "fields": fields,
        }
        with manifest.publishing(record, names, force=self.run.force) as folder:
            write_text(folder / names[0], page)
            write_json(folder / names[1], key_of(test, plan, sounds, self.form, self.run.seed))
        return fields

    def _emit(self, status: str, fields: dict[str, Any], code: int = 0) -> int:
        from gantools.report.listening.page import PAGE_FILE

        record = {"action": "evaluate", "path": str(self.out / PAGE_FILE), "source": ", ".join(self.sets), "rel": ""}
        emit(self.run, {**record, "metric": "listen", "status": status, **fields})
        return code


def _in_words(plan: Plan) -> str:
    """Return how many clips of which sets a listener rates."""
    parts = [f"{count} {name}" for name, count in _counted(plan).items()]
    practice, twice = (sum(test) for test in zip(*((not t.block, bool(t.repeats)) for t in plan.trials), strict=True))
    return f"{', '.join(parts)}; {practice} for practice, {twice} twice"


def _counted(plan: Plan) -> dict[str, int]:
    """Return how many clips of each set a listener rates; sets that the form adds come last."""
    main = [one for trial in plan.trials if trial.block and not trial.repeats for one in trial.stimuli]
    names = sorted({one.set for one in main}, key=lambda name: (name not in plan.sets, name))
    return {name: sum(one.set == name for one in main) for name in names}
