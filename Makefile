# The front door: every target is a plain command or two, which may as well be typed.
.POSIX:
.PHONY: build demo test clean help

build: ## the library and the anchor command, into target/debug
	cargo build --workspace

demo: build ## a C program waits for an event and another part of it signals it
	@sh examples-c/demo.sh

test: build ## all tests; those that need a missing tool say so
	cargo test --workspace

clean: ## removes what was built
	cargo clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1  \2/p' Makefile
