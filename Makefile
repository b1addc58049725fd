# `make` lists what there is. Everything installs itself into .venv, once, and again only when requirements change.

PYTHON ?= python3
CONTENT ?= sample
STYLE ?= sample
OUTPUT ?= output/result.png
LAYOUT ?= later

VENV := .venv/bin/python

# A variable's text as one word for the shell, whatever is in it: spaces, quotes, dollar signs.
quoted = '$(subst ','\'',$(value $(1)))'
option = $(if $(value $(2)),$(1) $(call quoted,$(2)))
# One word if there is a file or folder of that name, else as many as there are: names and globs.
named = $(if $(shell test -e $(call quoted,$(1)) && echo one),$(call quoted,$(1)),$(value $(1)))
OPTIONS = $(call option,--size,SIZE) $(call option,--recipe,RECIPE) $(call option,--weights,WEIGHTS) \
	$(call option,--iterations,ITERATIONS) $(call option,--init,INIT) $(call option,--strength,STRENGTH) \
	$(call option,--colors,COLORS) $(call option,--style-scale,STYLE_SCALE)

# What each command reads. A variable that none of them reads is a slip: say so before another picture is made.
CHOICES := SIZE RECIPE WEIGHTS ITERATIONS INIT STRENGTH COLORS STYLE_SCALE ARGS
reads-run := CONTENT STYLE OUTPUT $(CHOICES)
reads-batch := FOLDER CONTENTS STYLES PAIRS WORKERS OUTPUT $(CHOICES)
reads-page := PORT WEIGHTS ARGS
reads-video := FILM STYLE OUTPUT $(CHOICES)
reads-download-weights := LAYOUT WEIGHTS_URL
reads-figures := CONTENT STYLE SIZE WEIGHTS ITERATIONS ARGS
reads-bench := WEIGHTS

GOALS := $(or $(MAKECMDGOALS),help)
READ := $(strip PYTHON $(foreach goal,$(GOALS),$(reads-$(goal))))
UNREAD := $(firstword $(foreach name,$(filter-out $(READ) SHELL,$(.VARIABLES)),$(if $(filter command,$(origin $(name))),$(name))))
NEAREST = import difflib, sys; name, *known = sys.argv[1:]; \
	print(*(" (nearest: %s)" % near for near in difflib.get_close_matches(name.upper(), known, 1)))
ifneq ($(UNREAD),)
$(error make $(GOALS) does not read $(UNREAD), expected $(READ)$(shell $(PYTHON) -c '$(NEAREST)' $(call quoted,UNREAD) $(READ)); \
	a variable of the environment stands before the word make)
endif

# No film is drawn by code, so one must be given. `ARGS=--help` asks for nothing else.
ifneq ($(filter video,$(GOALS)),)
ifeq ($(value FILM)$(filter -h% --h%,$(ARGS)),)
$(error make video needs a film, as in: make video FILM=clip.mp4 STYLE=painting.jpg OUTPUT=output/film.mp4)
endif
endif
ifneq ($(filter batch,$(GOALS)),)
ifneq ($(and $(value CONTENTS),$(if $(value STYLES),,missing)),)
$(error make batch needs STYLES= as well, the paintings, as in: make batch CONTENTS=photos STYLES=paintings)
endif
endif

# uv installs the same packages in less time. What either says is shown only if it fails.
ifneq ($(shell command -v uv 2>/dev/null),)
new-venv = rm -rf .venv && uv venv --quiet --seed --python $(PYTHON) .venv
installer = uv pip install --quiet --python $(VENV)
else
new-venv = $(PYTHON) -m venv --clear .venv
installer = $(VENV) -m pip install --quiet --disable-pip-version-check
needs-ensurepip = @$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "make: $(PYTHON) cannot install packages: it lacks ensurepip; on Debian or Ubuntu: apt-get install $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; exit 2; }
endif
install = @$(installer) $(1) 2>.venv/install-errors || { cat .venv/install-errors >&2; exit 2; }

.PHONY: help run page batch video cluster heic lesson download-weights figures bench test lint clean

# The first word someone types should say what the others are.
help:
	@echo "make run                make a picture from two samples that are here"
	@echo "make run CONTENT=a.jpg STYLE=b.jpg OUTPUT=c.png SIZE=512 RECIPE=gatys2016"
	@echo "                        the same for your pictures; also STRENGTH=0.9 (0 to 1: how much style),"
	@echo "                        STYLE_SCALE=, COLORS=, ITERATIONS=, INIT=, WEIGHTS="
	@echo "make run STYLE=\"a.jpg b.jpg\""
	@echo "                        a blend of two styles"
	@echo "make run ARGS=\"--content-weight 0.3 --init noise\""
	@echo "                        with any other options; ARGS=--help lists them all"
	@echo "make page               open a page in the browser to do the same by clicks (PORT=, WEIGHTS=); installs Gradio"
	@echo "make batch FOLDER=in OUTPUT=out"
	@echo "                        many pictures: each in/content_* in each in/style_*; makes only what is missing"
	@echo "make batch CONTENTS=photos STYLES=paintings WORKERS=4"
	@echo "                        the same from two folders, by 4 processes (also SIZE=, RECIPE=, ARGS= ...)"
	@echo "make video FILM=clip.mp4 STYLE=painting.jpg OUTPUT=film.mp4"
	@echo "                        a film, frame after frame without flicker (also SIZE=, ARGS= ...)"
	@echo "make cluster            install Dask's distributed, for WORKERS= and for many machines"
	@echo "make heic               install what reads HEIC photos, as phones make them"
	@echo "make lesson             open the lesson about VGG-19 (vgg/README.md) as a notebook; installs JupyterLab"
	@echo "make download-weights   fetch ImageNet's VGG-19, 0.5 GB (LAYOUT=beta16, WEIGHTS_URL=...)"
	@echo "make figures            the paper's figures again, about 10 minutes, resumable (CONTENT=, STYLE=, SIZE=, ITERATIONS=)"
	@echo "make bench              measure speed and memory on this machine, about 20 minutes"
	@echo "make test               run the tests"
	@echo "make lint               check the style of the code"
	@echo "make clean              remove .venv and caches; keeps pictures and downloads"
	@echo "make PYTHON=python3.12 run"
	@echo "                        install with another Python than python3, which must be 3.10 to 3.13"

# The main path; without ImageNet's VGG-19 it takes the small one, and says so.
run: .venv/installed
	@$(VENV) -m transfer $(call quoted,CONTENT) $(call quoted,STYLE) -o $(call quoted,OUTPUT) --sheet $(OPTIONS) $(value ARGS)

# The same for one picture after the other, in a browser on this machine.
page: .venv/installed-page
	@$(VENV) -m transfer.page $(call option,--port,PORT) $(call option,--weights,WEIGHTS) $(value ARGS)

# Beside one process, Dask's workers can make the pictures: WORKERS=4 here, ARGS="--scheduler ADDRESS" on other machines.
BATCH = $(if $(value FOLDER),$(call quoted,FOLDER)) $(if $(value CONTENTS),--contents $(call named,CONTENTS)) \
	$(if $(value STYLES),--styles $(call named,STYLES)) $(call option,--pairs,PAIRS) $(call option,--workers,WORKERS) \
	$(if $(filter-out file,$(origin OUTPUT)),-o $(call quoted,OUTPUT))

batch: .venv/installed $(if $(WORKERS)$(findstring --scheduler,$(ARGS)),.venv/installed-cluster)
	@$(VENV) -m transfer.batch $(BATCH) $(OPTIONS) $(value ARGS)

# Each frame is tied to the one before; what is finished is kept, and ARGS=--resume goes on.
video: .venv/installed-video
	$(if $(filter file,$(origin STYLE)),@echo "no STYLE= is given: the style is the sample painting")
	@$(VENV) -m transfer.video $(call quoted,FILM) $(call quoted,STYLE) $(if $(filter-out file,$(origin OUTPUT)),-o $(call quoted,OUTPUT)) $(OPTIONS) $(value ARGS)

cluster: .venv/installed-cluster
	@echo "installed; start workers as transfer/speed.md says, or let make batch WORKERS=4 do it on this machine"

heic: .venv/installed-heic
	@echo "installed; HEIC photos are now read as all others"

# The lesson looks at the picture that `make run` makes.
lesson: .venv/installed-lesson
	@test -e output/result.png || $(MAKE) --no-print-directory run
	@$(VENV) -m vgg.lesson output/lesson.ipynb
	@$(VENV) -m jupyter lab output/lesson.ipynb

# Optional: without it `make run` uses the small VGG-19.
download-weights: .venv/installed
	@$(VENV) -m weights download --layout $(call quoted,LAYOUT)

# For who reads the paper; what is made already is not made again, so it can be stopped at any time. The plot needs all
# of them in the usual place, so it is left out with `--only` or `--output`.
figures: .venv/installed
	@$(VENV) -m transfer.figures all $(call quoted,CONTENT) $(call quoted,STYLE) $(call option,--size,SIZE) $(call option,--weights,WEIGHTS) $(call option,--iterations,ITERATIONS) $(value ARGS)
	$(if $(filter -o% --o% -h% --h%,$(ARGS)),,@$(VENV) -m transfer.figures trade-off output/figures/ratio/1e-03.json -o output/figures/trade-off.png --overwrite)

# Beside the plain way of doing the same, because a time alone says more about the machine than about the program.
bench: .venv/installed
	@$(VENV) -m transfer.bench $(call option,--weights,WEIGHTS)

# What CI runs too; needs no internet once installed, and no weights. Two workers with one thread each: most tests are too
# small for more.
test: .venv/installed-tests
	@TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OPENBLAS_NUM_THREADS=1 $(VENV) -m pytest -q -n 2 --dist worksteal tests

# Separate from the tests, so that a matter of style never hides a broken program.
lint: .venv/installed-tests
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .

# A link to a Python that is gone, or half an installation, is mended by starting over.
.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 10) <= v <= (3, 13) or sys.exit("make: %s is Python %d.%d, expected 3.10 to 3.13 (TensorFlow has no build for others); name another, as in: make PYTHON=python3.12 run" % (sys.executable, *v))'
	$(needs-ensurepip)
	@! test -L .venv || { echo "make: .venv is a link; to clear it would empty another folder; remove the link"; exit 2; }
	@echo "installing into .venv, once: about 1 GB to fetch, 2.5 GB on disk"
	@$(new-venv)
	@echo "fetching TensorFlow, OpenCV and what they need: 1 to 2 minutes with a fast line"
	$(call install,-r requirements.txt)
	@$(VENV) -c 'import cv2' 2>/dev/null || { echo "make: OpenCV lacks a system library; on Debian or Ubuntu: apt-get install libgl1 libglib2.0-0"; exit 2; }
	@echo "installed; to remove it: make clean"
	@touch $@

.venv/installed-tests: tests/requirements.txt .venv/installed
	$(call install,-r tests/requirements.txt)
	@touch $@

# Only pictures by several processes or machines need it.
.venv/installed-cluster: .venv/installed
	$(call install,'distributed>=2024.1' cryptography)
	@touch $@

# Only films that are videos need it.
.venv/installed-video: .venv/installed
	$(call install,'av>=17')
	@touch $@

# Only HEIC photos need it.
.venv/installed-heic: .venv/installed
	$(call install,'pillow-heif>=1')
	@touch $@

# Only the page needs it.
.venv/installed-page: .venv/installed
	$(call install,'gradio>=6')
	@touch $@

# Only the lesson as a notebook needs it.
.venv/installed-lesson: .venv/installed
	$(call install,'jupyterlab>=4' 'jupytext>=1.16')
	@touch $@

# Pictures and the downloaded file took someone's time and stay.
clean:
	rm -rf .venv .pytest_cache .ruff_cache
	find vgg transfer weights tests -name __pycache__ -prune -exec rm -rf {} +
