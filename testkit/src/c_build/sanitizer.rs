//! The library and a program built with a sanitizer: the C and C++ by clang, the library by the stable rustc, both with
//! the runtime that comes with rustc. std itself is built without a sanitizer.

use super::compiler;
use super::program::Build;
use crate::library::cargo;
use crate::process::output;
use crate::{root, scratch, tools};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sanitizer {
    /// AddressSanitizer with LeakSanitizer, and UndefinedBehaviorSanitizer for the C; in the library a panic aborts.
    Address,
    Thread,
}

impl Sanitizer {
    pub const ALL: [Sanitizer; 2] = [Sanitizer::Address, Sanitizer::Thread];

    pub fn how(self) -> &'static str {
        match self {
            Sanitizer::Address => "under AddressSanitizer, where a panic aborts",
            Sanitizer::Thread => "under ThreadSanitizer",
        }
    }

    /// For rustc. The hook that makes a panic on demand is for tests/c/sanitized/panics.c.
    fn rust_flags(self) -> &'static str {
        match self {
            Sanitizer::Address => "-Zsanitizer=address -Cpanic=abort --cfg anchor_inject_panic",
            Sanitizer::Thread => "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer --cfg anchor_inject_panic",
        }
    }

    /// For clang. The checks that are off need a runtime that does not come with rustc.
    pub fn c_flags(self) -> &'static [&'static str] {
        match self {
            Sanitizer::Address => {
                &["-fsanitize=address,undefined", "-fno-sanitize=vptr,function", "-fno-sanitize-recover=all"]
            }
            Sanitizer::Thread => &["-fsanitize=thread"],
        }
    }

    pub fn environment(self) -> Vec<(&'static str, String)> {
        match self {
            Sanitizer::Address => vec![
                ("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1:allow_addr2line=1".to_owned()),
                ("UBSAN_OPTIONS", "print_stacktrace=1".to_owned()),
            ],
            // A child of several threads may start its own: the header promises it.
            Sanitizer::Thread => {
                let suppressions = root().join("tests/c/sanitized/tsan.supp");
                let options = format!("die_after_fork=0:allow_addr2line=1:suppressions={}", suppressions.display());
                vec![("TSAN_OPTIONS", options)]
            }
        }
    }

    /// What the linker gets before the library, without the flags of `c_flags`: for those clang would link its own
    /// runtime, which is that of another LLVM.
    pub fn link(self, command: &mut Command) {
        let runtime = runtime(self).expect("builds() checks for it");
        command.arg("-rdynamic").args(rusts_linker());
        command.arg(format!("-Wl,--whole-archive,{},--no-whole-archive", runtime.display()));
        if self == Sanitizer::Thread {
            command.args(annotations(&self.archive()));
        }
    }

    pub fn archive(self) -> PathBuf {
        static ARCHIVES: OnceLock<[PathBuf; 2]> = OnceLock::new();
        ARCHIVES.get_or_init(|| Sanitizer::ALL.map(build))[self as usize].clone()
    }
}

/// Each way to build and run a source with a sanitizer that this machine has the tools for.
pub fn builds(source: &str) -> Vec<Build> {
    if !tools::has("clang") || !tools::has("clang++") {
        return Vec::new();
    }
    let there = Sanitizer::ALL.into_iter().filter(|sanitizer| runtime(*sanitizer).is_some());
    there.map(|sanitizer| Build::sanitized(source, sanitizer)).collect()
}

/// All in one folder, so that what runs at build time is built once. -Zsanitizer is not stable, hence RUSTC_BOOTSTRAP;
/// with --target it is not given to build scripts and their crates.
fn build(sanitizer: Sanitizer) -> PathBuf {
    let target = scratch("sanitized");
    let host = output(Command::new("rustc").args(["--print", "host-tuple"]));
    let mut cargo = cargo("rustc");
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", sanitizer.rust_flags());
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only").env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    cargo.args(["--package", "anchor-events", "--lib", "--crate-type", "staticlib"]);
    output(cargo.args(["--target", host.trim(), "--target-dir"]).arg(&target));
    // The next one overwrites it.
    let kept = target.join(format!("libanchor-{sanitizer:?}.a"));
    std::fs::copy(target.join(host.trim()).join("debug/libanchor.a"), &kept).expect("cargo has made it");
    kept
}

/// rustc's own linker, if it has one: several times as quick with archives of this size.
fn rusts_linker() -> Option<String> {
    let libraries = output(Command::new("rustc").args(["--print", "target-libdir"]));
    let linker = Path::new(libraries.trim()).with_file_name("bin").join("gcc-ld/ld.lld");
    linker.exists().then(|| format!("--ld-path={}", linker.display()))
}

/// The runtime in rustc's folder, which rustup installs and some distributions do not.
fn runtime(sanitizer: Sanitizer) -> Option<PathBuf> {
    let ending = match sanitizer {
        Sanitizer::Address => "_rt.asan.a",
        Sanitizer::Thread => "_rt.tsan.a",
    };
    let libraries = output(Command::new("rustc").args(["--print", "target-libdir"]));
    let entries = std::fs::read_dir(Path::new(libraries.trim())).ok()?.filter_map(Result::ok);
    let found = entries.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with(ending));
    let what = format!("librustc{ending}");
    if tools::has_when(&what, found.is_some()) { found } else { None }
}

/// What ThreadSanitizer must know of std, which is not built with it: tests/c/sanitized/std.c, for the linker.
fn annotations(archive: &Path) -> &'static [String] {
    static ANNOTATIONS: OnceLock<Vec<String>> = OnceLock::new();
    ANNOTATIONS.get_or_init(|| {
        let symbols = output(Command::new("nm").args(["--undefined-only", "--quiet"]).arg(archive));
        let mut names = symbols.lines().filter_map(|line| line.trim_start().strip_prefix("U "));
        let lock = names.find(|name| name.ends_with("5Mutex14lock_contended")).expect("std's mutex");
        let object = scratch("sanitized").join("std.o");
        let mut clang = Command::new("clang");
        clang.current_dir(root()).args(["-std=c11", "-c", "tests/c/sanitized/std.c", "-o"]).arg(&object);
        output(clang.args(compiler::WARNINGS).arg(format!("-DLOCK_CONTENDED=\"{lock}\"")));
        let wrapped = [lock, "__tsan_atomic64_fetch_sub", "__tsan_atomic_thread_fence"];
        let wraps = wrapped.iter().map(|name| format!("-Wl,--wrap={name}"));
        wraps.chain([object.display().to_string()]).collect()
    })
}
