//! The systems that the tests and the programs they build run on. Usually both are this machine. After `cargo test --target T`
//! both are T; with ANCHOR_TEST_TARGET=T the tests run on this machine, and the programs that they build on T. Compilers and the
//! emulator come from the environment, by the names that the crate `cc` and cargo use.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What must be linked with libanchor.a. A test compares it with what rustc prints.
pub const NATIVE_LIBRARIES: &str = "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub triple: String,
}

impl Target {
    /// Where the tests run.
    pub fn of_tests() -> Target {
        Target { triple: env!("ANCHOR_TARGET").to_owned() }
    }

    /// Where the programs run that a test builds.
    pub fn of_programs() -> Target {
        env::var("ANCHOR_TEST_TARGET").map_or_else(|_| Target::of_tests(), |triple| Target { triple })
    }

    /// Whether it is the machine that the tests were compiled on.
    pub fn is_host(&self) -> bool {
        self.triple == env!("ANCHOR_HOST")
    }

    pub fn is_windows(&self) -> bool {
        self.triple.contains("-windows-")
    }

    pub fn is_apple(&self) -> bool {
        self.triple.contains("-apple-")
    }

    pub fn is_musl(&self) -> bool {
        self.triple.contains("-musl")
    }

    /// The words that tests/skipped.md uses for it.
    pub fn is(&self, word: &str) -> bool {
        let emulator = self.runner().into_iter().next().unwrap_or_default();
        let emulator = Path::new(&emulator).file_name().map(|name| name.to_string_lossy().into_owned());
        match word {
            "qemu" | "wine" => emulator.is_some_and(|name| name.contains(word)),
            "macos" => self.is_apple(),
            "any" => true,
            _ => self.triple.split('-').any(|part| part.starts_with(word)),
        }
    }

    /// The command that runs a program of this system: through an emulator, if the environment names one for cargo.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut words = self.runner().into_iter();
        let Some(emulator) = words.next() else { return Command::new(program.as_ref()) };
        let mut command = Command::new(emulator);
        command.args(words).arg(program.as_ref());
        command
    }

    /// `cargo test` starts a program of this system so.
    fn runner(&self) -> Vec<String> {
        let name = format!("CARGO_TARGET_{}_RUNNER", self.triple.replace(['-', '.'], "_").to_uppercase());
        words(&env::var(name).unwrap_or_default())
    }

    /// The compiler that a test calls `compiler`: `cc` and `c++` are those of the system, and other systems than this machine have
    /// none but these.
    pub fn compiler(&self, compiler: &str) -> Vec<String> {
        if self.is_host() {
            return vec![compiler.to_owned()];
        }
        let (variable, gcc) = if compiler == "c++" { ("CXX", "g++") } else { ("CC", "gcc") };
        let named =
            self.variable(variable).map(|named| if Path::new(&named).exists() { vec![named] } else { words(&named) });
        named.unwrap_or_else(|| vec![format!("{}-{gcc}", self.gnu_prefix())])
    }

    /// What the environment adds to the compiler's or the linker's flags.
    pub fn flags(&self, variable: &str) -> Vec<String> {
        if self.is_host() { Vec::new() } else { words(&self.variable(variable).unwrap_or_default()) }
    }

    fn variable(&self, name: &str) -> Option<String> {
        let underscored = self.triple.replace(['-', '.'], "_");
        let names = [format!("{name}_{}", self.triple), format!("{name}_{underscored}"), format!("TARGET_{name}")];
        names.into_iter().find_map(|name| env::var(name).ok())
    }

    /// As Debian names its cross compilers.
    fn gnu_prefix(&self) -> String {
        if self.is_windows() {
            return format!("{}-w64-mingw32", self.arch());
        }
        format!("{}-linux-{}", self.arch(), self.triple.rsplit('-').next().unwrap_or_default())
    }

    fn arch(&self) -> &str {
        match self.triple.split('-').next().unwrap_or_default() {
            "armv7" => "arm",
            "riscv64gc" => "riscv64",
            arch => arch,
        }
    }

    pub fn archive(&self, folder: &Path) -> PathBuf {
        folder.join("libanchor.a")
    }

    pub fn shared_object(&self, folder: &Path) -> PathBuf {
        let name = match () {
            () if self.is_windows() => "anchor.dll",
            () if self.is_apple() => "libanchor.dylib",
            () => "libanchor.so",
        };
        folder.join(name)
    }

    pub fn program(&self, path: &Path) -> PathBuf {
        if self.is_windows() { path.with_extension("exe") } else { path.to_owned() }
    }

    /// What a program is linked with beside libanchor.a.
    pub fn native_libraries(&self) -> Vec<String> {
        words(match () {
            () if self.is_windows() => {
                "-lws2_32 -lntdll -luserenv -lbcrypt -lcrypt32 -lsynchronization -ldbghelp -static"
            }
            () if self.is_musl() => "-lunwind -static",
            () if self.is_apple() => "-framework Security -framework CoreFoundation -liconv -lSystem -lm",
            () if self.triple.ends_with("-freebsd") => {
                "-lexecinfo -lgcc_s -lkvm -lmemstat -lprocstat -ldevstat -lutil -lrt -lpthread -lm -lc"
            }
            () => NATIVE_LIBRARIES,
        })
    }

    /// What a program is linked with if it uses the shared library. A program of Windows finds it beside itself, and carries the
    /// runtime of its compiler.
    pub fn shared_library(&self, folder: &Path) -> Vec<String> {
        if self.is_windows() {
            return [&folder.join("libanchor.dll.a").display().to_string(), "-lws2_32", "-lcrypt32", "-static"]
                .map(str::to_owned)
                .into();
        }
        let folder = folder.display();
        vec![format!("-L{folder}"), "-lanchor".to_owned(), format!("-Wl,-rpath,{folder}")]
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
