"""No two inputs under one name, and none twice: ``x.wav`` told from ``x.flac``, one album's 01 from another's."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gantools.chunks.finding import TWICE, Passed
from gantools.chunks.item import Item
from gantools.files.hashing import hash_json

_DIGITS = 8


def once(items: Sequence[Item], passed: Passed) -> list[Item]:
    """Return the items without those that lead to a file that is among them already."""
    seen: set[str] = set()
    kept: list[Item] = []
    for item in items:
        identity = os.path.realpath(item.path)
        if identity in seen:
            passed.add(TWICE, item.path)
        else:
            seen.add(identity)
            kept.append(item)
    return kept


def distinct(items: Sequence[Item], holders: dict[str, str]) -> list[Item]:
    """Return the items so that no two have one key; who has it alone keeps it.

    Files of one folder that differ in their ending get it behind their name (``x-wav``, ``x-flac``); files of different
    folders get as much of their folder before it as tells them apart (``A/01``, ``B/01``). Which they get depends on
    the files that meet, not on their order or on any other.

    Parameters
    ----------
    items : sequence of Item
    holders : dict of str to str
        Key -> absolute path of the input that an earlier run gave this name, and which keeps it.
    """
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.key].append(item)
    if len(groups) == len(items):
        return list(items)
    # Keys that one item has alone are never given to another.
    taken = {key for key, group in groups.items() if len(group) == 1}
    renamed: dict[int, Item] = {}
    for key, group in groups.items():
        if len(group) == 1:
            continue
        # Who had the name in an earlier run keeps it, or all its outputs would be made again under another.
        for item in group:
            if holders.get(key) == os.path.abspath(item.path) and key not in taken:
                renamed[id(item)] = item
                taken.add(key)
        # By path and not in the order of the arguments, on which no name may depend.
        for item in sorted(group, key=lambda item: os.path.abspath(item.path)):
            if id(item) not in renamed:
                renamed[id(item)] = _told_apart(item, group, taken)
                taken.add(renamed[id(item)].key)
    return [renamed.get(id(item), item) for item in items]


def _told_apart(item: Item, group: Sequence[Item], taken: set[str]) -> Item:
    folder = _folder(item)
    others = [_folder(other) for other in group if _folder(other) != folder]
    new = item
    if any(other is not item and _folder(other) == folder for other in group):
        new = replace(new, mark=f"-{item.path.suffix.lstrip('.') or 'file'}")
    if others:
        # As few folders, counted from the file upwards, as no other file of the group ends with.
        depth = next((n for n in range(1, len(folder)) if all(o[-n:] != folder[-n:] for o in others)), len(folder))
        rel = tuple(filter(None, item.rel.split("/")))
        inside = folder[len(folder) - len(rel) :] == rel
        place = folder[-max(depth, len(rel)) :] if inside else (*folder[-depth:], *rel)
        new = replace(new, rel="/".join(place))
    # What is still equal gets a hash of its whole path, which always differs.
    if new.key in taken or new.key == item.key:
        new = replace(new, mark=f"{new.mark}-{hash_json(os.path.abspath(item.path))[:_DIGITS]}")
    return new


def _folder(item: Item) -> tuple[str, ...]:
    return Path(os.path.abspath(item.path)).parent.parts[1:]
