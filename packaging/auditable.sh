#!/bin/sh
# cargo, with the list of crates in what it links: by cargo-auditable. build.sh names it in the place of cargo.
CARGO=cargo exec cargo-auditable auditable "$@"
