//! The crates whose code is in what is shipped, as cargo tells them. Those that only run while it is built, such as macros,
//! are not among them.

use super::Crates;
use crate::installed::outside;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use testkit::{process, root};

pub const LIBRARY: &str = "anchor-events";
pub const COMMAND: &str = "anchor-events-cli";

/// The systems, each by one of its targets.
pub const SYSTEMS: [(&str, &str); 4] = [
    ("Linux", "x86_64-unknown-linux-gnu"),
    ("Windows", "x86_64-pc-windows-gnu"),
    ("macOS", "aarch64-apple-darwin"),
    ("FreeBSD", "x86_64-unknown-freebsd"),
];

pub struct Crate {
    pub name: String,
    pub version: String,
    pub licence: String,
    /// Of its sources.
    pub folder: PathBuf,
    /// SHA-256 of its package. The project's own have none.
    pub checksum: Option<String>,
    pub systems: BTreeSet<&'static str>,
    /// The crates that it uses, by name and version.
    pub uses: BTreeSet<String>,
}

impl Crate {
    pub fn is_own(&self) -> bool {
        self.checksum.is_none()
    }
}

/// Those of the library or of the command, with itself.
pub fn of(package: &str) -> &'static Crates {
    static OF: OnceLock<[Crates; 2]> = OnceLock::new();
    let [library, command] = OF.get_or_init(|| {
        let packages = packages();
        [LIBRARY, COMMAND].map(|package| found(package, &packages))
    });
    if package == LIBRARY { library } else { command }
}

fn found(package: &str, packages: &BTreeMap<String, Value>) -> Crates {
    let checksums = checksums();
    let mut crates = Crates::new();
    for (system, target) in SYSTEMS {
        for (id, uses) in tree(package, target) {
            let krate = crates.entry(id.clone()).or_insert_with(|| {
                let package = packages.get(&id).unwrap_or_else(|| panic!("{id} is not in `cargo metadata`"));
                let word = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
                Crate {
                    name: word("name"),
                    version: word("version"),
                    licence: word("license"),
                    folder: Path::new(&word("manifest_path")).parent().expect("a folder").to_owned(),
                    checksum: checksums.get(&id).cloned(),
                    systems: BTreeSet::new(),
                    uses: BTreeSet::new(),
                }
            });
            krate.systems.insert(system);
            krate.uses.extend(uses);
        }
    }
    crates
}

/// Each crate of a target, and those that it uses. Cargo writes a crate's depth before its name, and what a crate uses below it the
/// first time that it is there.
fn tree(package: &str, target: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = outside("cargo");
    cargo.current_dir(root()).args(["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "depth"]);
    let lines = process::output(cargo.args(["--format", " {p}", "--package", package, "--target", target]));
    let (mut above, mut tree) = (Vec::<String>::new(), BTreeMap::<String, BTreeSet<String>>::new());
    for line in lines.lines() {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_else(|| panic!("cargo tree says {line:?}"));
        let depth: usize = word().parse().expect("a depth");
        let id = format!("{} {}", word(), word().trim_start_matches('v'));
        above.truncate(depth);
        if let Some(user) = above.last() {
            tree.entry(user.clone()).or_default().insert(id.clone());
        }
        tree.entry(id.clone()).or_default();
        above.push(id);
    }
    tree
}

/// All that is in Cargo.lock, by name and version.
fn packages() -> BTreeMap<String, Value> {
    let mut cargo = outside("cargo");
    let said = process::output(cargo.current_dir(root()).args(["metadata", "--locked", "--format-version", "1"]));
    let metadata: Value = serde_json::from_str(&said).expect("JSON");
    let packages = metadata["packages"].as_array().expect("a list").iter();
    let word = |package: &Value, name: &str| package[name].as_str().expect("a word").to_owned();
    packages.map(|p| (format!("{} {}", word(p, "name"), word(p, "version")), p.clone())).collect()
}

fn checksums() -> BTreeMap<String, String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("it is in the repository");
    let field = |block: &str, name: &str| {
        let start = format!("{name} = \"");
        block.lines().find_map(|line| Some(line.strip_prefix(&start)?.trim_end_matches('"').to_owned()))
    };
    let of = |block: &str| Some((field(block, "name")? + " " + &field(block, "version")?, field(block, "checksum")?));
    lock.split("[[package]]").filter_map(of).collect()
}
