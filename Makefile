# gantools. `make` lists the targets.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install demo demo-drums demo-band test bench lint oldest oldest-over docs site man learn separator drummer loopdetector loops-models codec automix caw wavegan musika musika-table musika-conditions loops symphony songwriter factory clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*##/  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

install: $(VENV)/installed  ## .venv with gantools, editable, at the versions of constraints.txt

$(VENV)/installed: pyproject.toml constraints.txt
	@echo "installing gantools into $(VENV) (2 GB, or 6 with CUDA; once)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint,bench,docs]'
	@touch $@

demo: install  ## a tour: what each model that ships makes, and a short training, on one page (demo/index.html)
	@PATH="$$PWD/$(BIN):$$PATH" examples/demo.sh

demo-drums: install  ## drums for bass lines, measured: the whole chain on material played from bundled one-shots (up to 8 minutes)
	@PATH="$$PWD/$(BIN):$$PATH" examples/chain.sh

demo-band: install  ## a band for a guitar: the same commands on bundled recordings of a real band
	@PATH="$$PWD/$(BIN):$$PATH" examples/demo-band.sh

# One BLAS thread, also in the plugins of pytest that import numpy before the tests' own settings are read.
test: export OMP_NUM_THREADS := 1
test: export OPENBLAS_NUM_THREADS := 1
test: install  ## the tests, on two workers, in a random order whose seed is printed; TESTS=... for some of them
	$(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS)

learn: install  ## three seeds of the small preset on STEMS=folder of songs with bass and drums, with the table
	@PATH="$$PWD/$(BIN):$$PATH" examples/learn.sh $(or $(STEMS),../shared/data/stems4)

separator: install  ## train the separator and print its table; STEMS=folder of songs with four stems
	@PATH="$$PWD/$(BIN):$$PATH" examples/separator.sh $(or $(STEMS),../shared/data/stems4)

drummer: install  ## train the drummer that ships and print its tables; DATA=folder with midi/band and stems4
	@PATH="$$PWD/$(BIN):$$PATH" examples/drummer.sh $(or $(DATA),../shared/data)

loopdetector: install  ## train the loop detector that ships and print its table; DATA=folder laid out as in its script
	@PATH="$$PWD/$(BIN):$$PATH" examples/loopdetector.sh $(or $(DATA),../shared/data)

loops-models: install  ## train the model that `generate loops` takes where none is named; DATA=folder with midi/band
	@PATH="$$PWD/$(BIN):$$PATH" examples/loops_models.sh $(or $(DATA),../shared/data)

symphony: install  ## train SymphonyNet with and without merges, print its tables and make what ships; DATA=folder with midi/
	@PATH="$$PWD/$(BIN):$$PATH" examples/symphony.sh $(or $(DATA),../shared/data)

codec: install  ## train the codec that ships and print its table; DATA=folder laid out as in its script, CODEC_SF2=SoundFont
	@PATH="$$PWD/$(BIN):$$PATH" examples/codec.sh $(or $(DATA),../shared/data)

automix: install  ## train automix without each song in turn, mix that song, print the table; STEMS=folder
	@PATH="$$PWD/$(BIN):$$PATH" examples/automix.sh $(or $(STEMS),../shared/data/stems4)

caw: install  ## four models of one clip each, with the table; DATA=folder laid out as in docs/caw.md
	@PATH="$$PWD/$(BIN):$$PATH" examples/caw_table.sh $(or $(DATA),../shared/data) caw

wavegan: export WAVEGAN_TEST ?= $(if $(TRACKS),,awakening,sodium)
wavegan: export WAVEGAN_VAL ?= $(if $(TRACKS),,inevitable,rubidium)
wavegan: install  ## four variants of WaveGAN on a crate of tracks, with the table; TRACKS=folder of songs
	@export PATH="$$PWD/$(BIN):$$PATH"; \
	$(if $(TRACKS),,examples/crate.sh ../shared/data wavegan/crate >/dev/null &&) examples/wavegan_table.sh $(or $(TRACKS),wavegan/crate)

electronic: install  ## train the Musika that ships and measure it; DATA=folder with stems4 and songs/electronic
	@PATH="$$PWD/$(BIN):$$PATH" examples/electronic.sh $(or $(DATA),../shared/data)

musika: install  ## a night of Musika: BUDGET=3h on the songs of SONGS=folder but for HELD=names; curve, table, ten minutes
	@PATH="$$PWD/$(BIN):$$PATH" MUSIKA_BUDGET=$(or $(BUDGET),3h) MUSIKA_SEEDS=0 MUSIKA_WAVEGAN=no MUSIKA_NIGHT=yes \
	examples/musika_table.sh $(or $(SONGS),../shared/data/songs/electronic) $(or $(HELD),inevitable)

musika-table: install  ## three seeds of Musika of BUDGET=15m on SONGS=folder but for HELD=names, beside WaveGAN's
	@PATH="$$PWD/$(BIN):$$PATH" MUSIKA_BUDGET=$(or $(BUDGET),15m) MUSIKA_OUT=musika-table \
	examples/musika_table.sh $(or $(SONGS),../shared/data/songs/electronic) $(or $(HELD),inevitable)

musika-conditions: install  ## table 2 and figure 3 of the Musika paper: what it is told and what is heard; SONGS=folder, HELD=names, BUDGET=15m
	@export PATH="$$PWD/$(BIN):$$PATH" MUSIKA_BUDGET=$(or $(BUDGET),15m); \
	$(if $(SONGS),,examples/crate.sh ../shared/data musika-conditions/crate >/dev/null &&) examples/musika_conditions.sh $(or $(SONGS),musika-conditions/crate) $(or $(HELD),awakening rubidium)

loops: install  ## the loop paper's systems on MIDI=folder with drums and bass: tables 1 to 3, figures 3 and 5
	@PATH="$$PWD/$(BIN):$$PATH" examples/loops_table.sh $(or $(MIDI),../shared/data/midi/band)

songwriter: install  ## a songwriter's evening: ranked ideas for each recording in FRAGMENTS=folder
	@PATH="$$PWD/$(BIN):$$PATH" examples/songwriter.sh $(FRAGMENTS)

factory: install  ## an electronic clip factory: a hundred new clips from TRACKS=folder of songs
	@PATH="$$PWD/$(BIN):$$PATH" examples/clip_factory.sh $(TRACKS)

# What is given to make, such as SCALE, STEPS, STEMS, SONGS, MIDI and FRAGMENTS, reaches the scripts by itself.
PAPERS := loops electronic songwriter arrangement automix symphony musika
.PHONY: reproduce $(PAPERS:%=reproduce-%)
$(PAPERS:%=reproduce-%): reproduce-%: install
	@export PATH="$$PWD/$(BIN):$$PATH"; examples/reproduce/$*.sh && \
	python examples/reproduce/report.py summary $(or $(REPRODUCTIONS),reproductions)
reproduce-arrangement:  ## drums for a bass, a song for a voice; STEMS=, SONGS=; all reproductions: SCALE=small or paper
reproduce-musika:  ## endless music: speed, distances, what is asked for; SONGS=folder
reproduce-loops:  ## loops of drums and bass by five systems; MIDI=folder
reproduce-symphony:  ## scores for many parts, merges as chords; MIDI=folder
reproduce-automix:  ## stems dry and normalised, and mixes of them; STEMS=folder
reproduce-songwriter:  ## Catch-A-Waveform by epochs, ideas ranked; FRAGMENTS=folder
reproduce-electronic:  ## four variants of WaveGAN; SONGS=folder

reproduce: install  ## all seven papers beside what is measured here: reproductions/summary.md (an hour); SCALE=paper for a GPU
	@export PATH="$$PWD/$(BIN):$$PATH"; failed=0; \
	for paper in $(PAPERS); do examples/reproduce/$$paper.sh || failed=1; done; \
	python examples/reproduce/report.py summary $(or $(REPRODUCTIONS),reproductions) && exit $$failed

bench: install  ## speed against peers, with the error beside the time
	@# One BLAS thread is librosa's best here: with two its NNLS takes 1.4 times as long.
	@export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1; \
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

oldest:  ## the lowest versions that pyproject.toml allows, in .venv-oldest (6 GB, needs uv), and a few tests with them
	$(PYTHON) tools/oldest.py $(TESTS)

oldest-over: install  ## the same but for PyTorch, over what is installed: what tools/oldest.txt has, in .venv-over (650 MB)
	$(BIN)/python tools/oldest.py --over $(VENV) $(TESTS)

docs: install  ## the reference of the library, from its docstrings, into build/reference
	$(BIN)/python -m pdoc --docformat numpy --no-show-source --output-directory build/reference gantools '!gantools.cli' '!gantools.commands'
	@echo build/reference/gantools.html

site: docs  ## the documentation as a site, with the reference, into build/site; a broken link fails it
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo build/site/index.html

man: install  ## the manual pages in docs/man and the pages of metrics and variables, of what they are
	$(BIN)/python -m gantools.cli.manpages docs/man
	$(BIN)/python -m gantools.cli.metricpage docs/metrics.md
	$(BIN)/python -m gantools.cli.variables docs/configuration.md

lint: install  ## ruff and mypy
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

clean:  ## remove the environment and what the demo made
	rm -rf $(VENV) demo separator drummer loopdetector loops-models codec codec-table automix caw wavegan musika musika-table musika-conditions symphony loops songwriter factory build dist src/*.egg-info
