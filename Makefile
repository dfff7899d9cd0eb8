# The front door: every target is a plain command or two, which may as well be typed.
.POSIX:
.PHONY: build sanitize bench bench-check release demo test install uninstall abi soak faults manual contents docs dist bindings conformance packages packages-roots reproducible deny fuzz coverage fresh-machine cross cross-all clean help

PREFIX = /usr/local
LIBDIR = $(PREFIX)/lib
PROFILE = release
SOAK_SECONDS = 600
CHECKS = licenses bans sources
COMMAND = yes
TARGET =
STEPS =
BUILD =
GLIBC =
FEATURES = default
PACKAGE =
PARTS =
ROOTS =
AUDITABLE =

build: ## the library and the anchor-events command, into target/debug
	cargo build --workspace

demo: build ## a C program waits for an event and another part of it signals it
	@sh examples-c/demo.sh

test: build ## all tests; those that need a missing tool say so
	cargo test --workspace

sanitize: ## the C and C++ programs with AddressSanitizer, ThreadSanitizer and others; needs clang and rustup's Rust
	cargo test --test sanitizers

bench: ## libanchor beside libcurl, ureq and the SDKs, into bench/results; 15 minutes on a quiet machine
	python3 -m bench.compare.run

bench-check: ## instructions, system calls and size against the baseline; ACCEPT=1 makes what is there the baseline
	python3 -m bench.guard.check $(ACCEPT:1=--accept)
	python3 -m bench.compare.report --check

release: ## as installed, into target/installable: PROFILE=dev COMMAND=no GLIBC=2.17 FEATURES= TARGET= AUDITABLE=yes
	@PROFILE="$(PROFILE)" COMMAND="$(COMMAND)" GLIBC="$(GLIBC)" FEATURES="$(FEATURES)" TARGET="$(TARGET)" AUDITABLE="$(AUDITABLE)" \
		sh packaging/build.sh

install: ## the library and the command: PREFIX= LIBDIR= DESTDIR= PROFILE=dev COMMAND=no BUILD=no GLIBC=
	@PREFIX="$(PREFIX)" LIBDIR="$(LIBDIR)" DESTDIR="$(DESTDIR)" PROFILE="$(PROFILE)" COMMAND="$(COMMAND)" BUILD="$(BUILD)" \
		GLIBC="$(GLIBC)" sh packaging/install.sh install

uninstall: ## removes what install has put there, with the same variables
	@PREFIX="$(PREFIX)" LIBDIR="$(LIBDIR)" DESTDIR="$(DESTDIR)" COMMAND="$(COMMAND)" sh packaging/install.sh uninstall

abi: ## accepts additions to the ABI; CONTRIBUTING.md says when
	ANCHOR_ACCEPT_ABI=1 cargo test --test package the_abi_is_the_recorded_one

soak: ## calls at random, cut connections and killed servers for SOAK_SECONDS=600: nothing is lost, nothing grows
	ANCHOR_SOAK_SECONDS=$(SOAK_SECONDS) cargo test --test soak -- --nocapture

faults: ## writes docs/faults.md from what tests/faults expects
	ANCHOR_ACCEPT_FAULTS=1 cargo test --test faults the_documentation_lists_every_case

manual: ## writes docs/man from include/anchor.h and the examples in docs/man/examples
	ANCHOR_ACCEPT_MANUAL=1 cargo test --test package manual::the_pages_are_what_the_header_says

contents: ## writes THIRD-PARTY.txt and the bills of material from the crates in Cargo.lock
	ANCHOR_ACCEPT_CONTENTS=1 cargo test --test package contents::

docs: ## the Rust, C and C++ API as pages, into target/doc, target/doc/c and target/doc/cpp
	RUSTDOCFLAGS="-D warnings" cargo doc --package anchor-events --lib --no-deps
	mkdir -p target/doc/c && doxygen docs/Doxyfile
	mkdir -p target/doc/cpp && doxygen docs/Doxyfile.cpp

dist: ## a source tarball with all crates, which builds offline
	sh packaging/dist.sh

bindings: ## builds the packages of bindings/, installs each into an empty environment, and tests it: PACKAGE=python PROFILE=dev GLIBC= BUILD=no
	@PACKAGE="$(PACKAGE)" PROFILE="$(PROFILE)" GLIBC="$(GLIBC)" BUILD="$(BUILD)" sh bindings/build.sh

conformance: ## writes the table of docs/languages.md from what the tests of bindings/ cover
	ANCHOR_ACCEPT_CONFORMANCE=1 cargo test --test package conformance::

packages: ## what a release publishes, into target/packages: PARTS="source deb rpm recipes x86_64-unknown-linux-musl" AUDITABLE=no
	@AUDITABLE="$(AUDITABLE)" sh packaging/packages.sh target/packages $(PARTS)

reproducible: ## builds the library and the command here and elsewhere, for another user: the same to the byte
	ANCHOR_TEST_REPRODUCE_ALL=1 cargo test --test package another_user_builds_the_same_elsewhere

packages-roots: ## a program in C with each of them, in roots without Rust, and under wine: ROOTS="deb tarball rpm musl windows emulated"; needs root
	@sh packaging/roots/run.sh target/packages $(ROOTS)

deny: ## licences, sources and duplicates of all crates, by cargo-deny; CHECKS=advisories asks its database
	cargo deny --all-features check $(CHECKS)

fuzz: ## each fuzz target for FUZZ_SECONDS=60: what comes in, what goes out, JSON, sequences of calls, and started waits
	@sh fuzz/run.sh

coverage: ## line coverage of src/ by all tests, and target/coverage/coverage.md with what none of them runs
	@python3 tests/coverage.py

fresh-machine: ## the README in a minimal Debian of its own; FULL=1 for all tests with tools too; needs root
	@sh packaging/fresh-machine.sh

cross: ## builds for another machine and runs the tests on it: TARGET=aarch64-unknown-linux-gnu STEPS="inspect programs"
	@sh packaging/cross/run.sh "$(TARGET)" $(STEPS)

cross-all: ## all targets in turn, and docs/platforms.md from what they found; hours
	@sh packaging/cross/all.sh

clean: ## removes what was built
	cargo clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1  \2/p' Makefile
