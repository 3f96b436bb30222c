from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gantools.effects.features import (
    GRID_HZ,
    Features,
    FeatureSums,
    StemFeatures,
    find_features,
    from_grid,
    merge,
    read_features,
    to_grid,
    write_features,
)
from gantools.errors import InputError


def fitted(seeds: range, average: str = "linear") -> Features:
    """Features of invented files, one a seed."""
    sums = FeatureSums()
    for seed in seeds:
        rng = np.random.default_rng(seed)
        sums.add_file(rng.uniform(10, 200))
        sums.add_loudness(rng.normal(-30, 3))
        sums.add_eq(10 ** rng.normal(0, 0.5, len(GRID_HZ)))
        if seed % 3:  # the others are mono
            sums.add_panning(rng.uniform(0.8, 1, len(GRID_HZ)))
        sums.add_onsets(rng.normal(-14, 1), rng.uniform(0.5, 2))
        sums.add_spread(rng.uniform(5, 20))
    return Features("invented", {"keys": StemFeatures.from_sums(sums, average)}, {"average": average})


def test_means_are_those_of_the_paper() -> None:
    stem = fitted(range(7)).stems["keys"]
    magnitudes, psi, levels, onsets = [], [], [], []
    for seed in range(7):
        rng = np.random.default_rng(seed)
        rng.uniform(10, 200)
        levels.append(rng.normal(-30, 3))
        magnitudes.append(10 ** rng.normal(0, 0.5, len(GRID_HZ)))
        if seed % 3:
            psi.append(rng.uniform(0.8, 1, len(GRID_HZ)))
        onsets.append((rng.normal(-14, 1), rng.uniform(0.5, 2)))
    assert stem.loudness_lufs.mean == pytest.approx(np.mean(levels))
    assert stem.loudness_lufs.std == pytest.approx(np.std(levels))
    np.testing.assert_allclose(stem.eq_db, 20 * np.log10(np.mean(magnitudes, axis=0)))
    np.testing.assert_allclose(stem.eq_std_db, np.std(20 * np.log10(magnitudes), axis=0))
    np.testing.assert_allclose(stem.pan_psi, np.mean(psi, axis=0))
    assert stem.drc_onset_peak_db.mean == pytest.approx(np.mean([mean for mean, _ in onsets]))
    assert stem.drc_onset_peak_db.std == pytest.approx(np.mean([std for _, std in onsets]))  # mean of per-file std
    np.testing.assert_allclose(
        fitted(range(7), "db").stems["keys"].eq_db, np.mean(20 * np.log10(magnitudes), axis=0), atol=1e-12
    )


@pytest.mark.parametrize("average", ["linear", "db"])
def test_merging_two_fits_is_one_fit_of_all_files(average: str, tmp_path: Path) -> None:
    parts = []
    for number, seeds in enumerate((range(5), range(5, 12))):
        path = tmp_path / f"{number}.json"
        write_features(path, fitted(seeds, average))
        parts.append(read_features(path))
    merged, whole = merge(*parts).stems["keys"], fitted(range(12), average).stems["keys"]
    for name in ("eq_db", "eq_std_db", "pan_psi", "pan_psi_std"):
        np.testing.assert_allclose(getattr(merged, name), getattr(whole, name), rtol=1e-9, atol=1e-9)
    for name in ("loudness_lufs", "drc_onset_peak_db", "drc_spread_db"):
        assert getattr(merged, name).mean == pytest.approx(getattr(whole, name).mean, abs=1e-9)
        assert getattr(merged, name).std == pytest.approx(getattr(whole, name).std, abs=1e-9)
    assert merged.n_files == 12
    assert merged.active_seconds == pytest.approx(whole.active_seconds)


def test_merging_keeps_types_of_either_and_refuses_what_does_not_fit() -> None:
    first, second = fitted(range(3)), fitted(range(3, 6))
    renamed = Features("other", {"bells": second.stems["keys"]}, second.settings)
    assert set(merge(first, renamed).stems) == {"keys", "bells"}
    with pytest.raises(InputError, match="average"):
        merge(first, fitted(range(3), "db"))
    preset = find_features("musdb18")
    with pytest.raises(InputError, match="no sums"):
        merge(preset, preset)


def test_preset_has_the_published_numbers() -> None:
    preset = find_features("musdb18")
    vocals = preset.for_stem("vocals")
    assert vocals.loudness_lufs.mean == -30.729
    assert vocals.drc_onset_peak_db.mean == -14.241
    assert vocals.drc_onset_peak_db.std == 1.371
    assert vocals.eq_db is not None
    assert vocals.pan_psi is not None
    assert from_grid(vocals.eq_db, np.array([1000.0]))[0] == pytest.approx(11.7, abs=0.3)
    assert from_grid(vocals.pan_psi, np.array([1000.0]))[0] == pytest.approx(0.917, abs=0.002)
    assert "FxNorm-automix" in preset.extra["source"]
    assert (preset.compressor("drums").attack_ms, preset.compressor("drums").start_ratio) == (10, 6)
    assert preset.compressor("guitar") == preset.compressor("other")


def test_unknown_types_and_targets_name_the_known_ones() -> None:
    preset = find_features("musdb18")
    with pytest.raises(InputError, match=r"bass, drums, other, vocals.*did you mean vocals"):
        preset.for_stem("vocal")
    assert preset.for_stem("guitar", fallback="other") is preset.stems["other"]
    with pytest.raises(InputError, match="musdb18"):
        find_features("musdb")
    with pytest.raises(InputError, match="no such file"):
        find_features("none.json")


def test_files_keep_unknown_keys_and_their_id(tmp_path: Path) -> None:
    path = tmp_path / "features.json"
    write_features(path, fitted(range(3)))
    content = json.loads(path.read_text())
    content["future"] = {"a": 1}
    content["stems"]["keys"]["brightness"] = 3.5
    content["settings"]["drc"] = {"keys": {"attack_ms": 3}}
    path.write_text(json.dumps(content))
    features = read_features(path)
    write_features(tmp_path / "again.json", features)
    again = json.loads((tmp_path / "again.json").read_text())
    assert again["future"] == {"a": 1}
    assert again["stems"]["keys"]["brightness"] == 3.5
    assert again.pop("written") != content.pop("written")  # the hash of the rest
    assert again == content
    assert read_features(tmp_path / "again.json").feature_id == features.feature_id != fitted(range(3)).feature_id
    assert features.compressor("keys").attack_ms == 3
    assert features.compressor("keys").release_ms == 666


def test_id_depends_on_stems_and_settings_alone() -> None:
    features = fitted(range(3))
    assert Features("renamed", features.stems, features.settings, {"created": "now"}).feature_id == features.feature_id
    assert len(features.feature_id) == 12
    assert Features("invented", features.stems, {"average": "db"}).feature_id != features.feature_id


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a features file"),
        ("[]", "not a features file"),
        ('{"schema": "gantools.fxfeatures/2", "stems": {}}', "newer gantools"),
        ('{"schema": "gantools.fxfeatures/1"}', "broken"),
        ('{"schema": "gantools.fxfeatures/1", "stems": {"a": {"eq_db": [1, 2]}}}', "2 values for 121"),
        ('{"schema": "gantools.fxfeatures/1", "grid_hz": [2, 1], "stems": {}}', "do not rise"),
        ('{"schema": "gantools.fxfeatures/1", "stems": {"a": 3}}', "broken"),
    ],
)
def test_broken_files_are_told(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "features.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_features(path)
    with pytest.raises(InputError, match="no such file"):
        read_features(tmp_path / "absent.json")


def test_minor_schema_versions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "features.json"
    path.write_text(
        '{"schema": "gantools.fxfeatures/1.4", "stems": {"a": {"loudness_lufs": {"mean": -20, "std": null}}}}'
    )
    assert np.isnan(read_features(path).stems["a"].loudness_lufs.std)


def test_other_grids_are_brought_to_ours(tmp_path: Path) -> None:
    path = tmp_path / "features.json"
    grid = np.geomspace(20, 20000, 31)
    content = {"schema": "gantools.fxfeatures/1", "grid_hz": list(grid), "stems": {"a": {"eq_db": list(np.log(grid))}}}
    path.write_text(json.dumps(content))
    curve = read_features(path).stems["a"].eq_db
    np.testing.assert_allclose(curve, np.log(np.clip(GRID_HZ, 20, 20000)), atol=1e-9)
    np.testing.assert_allclose(to_grid(from_grid(curve, GRID_HZ), GRID_HZ), curve)


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        FeatureSums().add_loudness(-np.inf)
