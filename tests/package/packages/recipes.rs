//! The recipes by which others build from the source tarball. Those of Arch and Conan are built here, installed where nothing else
//! is, and a program is linked with what they install. The others are read, as far as a tool here can read them.

use super::links_both_ways;
use crate::install::consumers::{folder_with, runs, shell};
use crate::install::tarball;
use crate::installed::{outside, prefix, tree};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use testkit::{empty_scratch, process, root, tools};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const BUILT: [&str; 2] = ["arch", "conan"];
const READ: [&str; 4] = ["alpine", "homebrew", "nix", "vcpkg"];

struct Recipes {
    folder: PathBuf,
    tarball: PathBuf,
}

/// The recipes, filled in for the tarball; none without the repository's history, of which that is made.
fn recipes() -> Option<&'static Recipes> {
    static RECIPES: OnceLock<Option<Recipes>> = OnceLock::new();
    RECIPES.get_or_init(fill).as_ref()
}

fn fill() -> Option<Recipes> {
    let name = format!("libanchor-{VERSION}");
    let made = tarball::unpacked()?.with_file_name(format!("{name}.tar.xz"));
    let folder = empty_scratch("packages/recipes");
    let tarball = folder.join(format!("{name}.tar.xz"));
    fs::copy(made, &tarball).expect("it can be copied");
    process::output(&mut publish(&folder));
    let filled = folder.join(format!("{name}-recipes.tar.gz"));
    process::output(Command::new("tar").arg("-xf").arg(filled).arg("-C").arg(&folder));
    Some(Recipes { folder: folder.join(format!("{name}-recipes")), tarball })
}

/// What `make packages PARTS=recipes` does.
fn publish(folder: &Path) -> Command {
    let mut publish = outside("sh");
    publish.current_dir(root()).arg("packaging/packages.sh").arg(folder).arg("recipes");
    publish
}

impl Recipes {
    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
    }

    /// As its tool prints it: sha256sum or sha512sum.
    fn checksum(&self, tool: &str) -> String {
        process::output(Command::new(tool).arg(&self.tarball)).split(' ').next().expect("a checksum").to_owned()
    }
}

#[test]
fn each_names_the_version_and_the_tarball() {
    let Some(recipes) = recipes() else { return };
    let files = [
        ("arch/PKGBUILD", "sha256sum"),
        ("alpine/APKBUILD", "sha512sum"),
        ("homebrew/libanchor.rb", "sha256sum"),
        ("nix/libanchor.nix", "sha256sum"),
        ("vcpkg/portfile.cmake", "sha512sum"),
        ("conan/conandata.yml", "sha256sum"),
    ];
    let url = format!("/releases/download/v{VERSION}/libanchor-{VERSION}.tar.xz");
    for (file, tool) in files {
        let text = recipes.text(file);
        assert!(text.contains(&url) && text.contains(&recipes.checksum(tool)), "{file}: {text}");
    }
}

#[test]
fn the_checksums_are_of_all_that_is_published() {
    let Some(recipes) = recipes() else { return };
    let folder = empty_scratch("packages/published");
    fs::copy(&recipes.tarball, folder.join(recipes.tarball.file_name().expect("a name"))).expect("it can be copied");
    process::output(&mut publish(&folder));
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).expect("it is written");
    let names: Vec<&str> = sums.lines().filter_map(|line| line.split_once("  ")).map(|(_, name)| name).collect();
    let published = tree(&folder).into_iter().filter(|file| file != "SHA256SUMS").collect::<Vec<_>>();
    assert_eq!(names, published);
    assert_eq!(names.len(), 2, "{names:?}");
    let check =
        || process::run(Command::new("sha256sum").current_dir(&folder).args(["--check", "--strict", "SHA256SUMS"]));
    assert!(check().status.success(), "{}", check().stderr);
    fs::write(folder.join(names[0]), "other").expect("it can be written");
    assert!(!check().status.success(), "another file has the same checksum");
}

#[test]
fn nothing_is_published_beside_another_version() {
    let folder = empty_scratch("packages/other-version");
    fs::write(folder.join("libanchor0_0.0.9-1_amd64.deb"), "old").expect("it can be written");
    let refused = process::run(&mut publish(&folder));
    assert!(!refused.status.success() && refused.stderr.contains("libanchor0_0.0.9-1_amd64.deb"), "{}", refused.stderr);
}

/// The next part, the recipes, would succeed.
#[test]
fn a_part_that_fails_ends_it() {
    let Some(recipes) = recipes() else { return };
    let folder = empty_scratch("packages/failed");
    let tarball = recipes.tarball.file_name().expect("a name");
    fs::copy(&recipes.tarball, folder.join(tarball)).expect("it can be copied");
    let tools = empty_scratch("packages/failed-tools");
    fs::write(tools.join("cargo"), "#!/bin/sh\nexit 1\n").expect("it can be written");
    fs::set_permissions(tools.join("cargo"), fs::Permissions::from_mode(0o755)).expect("they can be set");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    for part in ["deb", "rpm", "x86_64-unknown-linux-gnu"] {
        let mut publish = outside("sh");
        publish.current_dir(root()).arg("packaging/packages.sh").arg(&folder).args([part, "recipes"]);
        let failed = process::run(publish.env("PATH", &path).env("AUDITABLE", "no"));
        assert!(!failed.status.success(), "{part}: {}", failed.stdout);
        assert!(failed.stderr.contains("cargo"), "{part}: {}", failed.stderr);
        assert_eq!(tree(&folder), [tarball.to_str().expect("UTF-8")], "{part}");
    }
}

/// The page says of each whether it was built or only read, and this file is what does it.
#[test]
fn the_page_says_which_were_built() {
    let mut folders: Vec<String> = fs::read_dir(root().join("packaging/recipes"))
        .expect("a folder of the repository")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().expect("UTF-8"))
        .collect();
    folders.sort_unstable();
    let mut known = [&BUILT[..], &READ[..]].concat();
    known.sort_unstable();
    assert_eq!(folders, known);
    let page = fs::read_to_string(root().join("packaging/README.md")).expect("a page of the repository");
    for (names, word) in [(&BUILT[..], "| built"), (&READ[..], "| read only")] {
        for name in names {
            let link = format!("(recipes/{name})");
            let row = page.lines().find(|line| line.contains(&link)).unwrap_or_else(|| panic!("no row has {link}"));
            assert!(row.contains(word), "{row}");
        }
    }
}

/// pacman has to be root, and makepkg refuses to be. In a namespace of its own it is another user, whose files are root's outside.
#[test]
fn arch_builds_and_installs() {
    let needed = ["makepkg", "pacman", "bsdtar", "fakeroot", "unshare"];
    let Some(recipes) = recipes().filter(|_| needed.iter().all(|tool| tools::has(tool))) else { return };
    let user = process::output(Command::new("id").arg("-u"));
    if !tools::has_when("root, which pacman has to be,", user.trim_end() == "0") {
        return;
    }
    let folder = empty_scratch("packages/arch");
    fs::copy(recipes.folder.join("arch/PKGBUILD"), folder.join("PKGBUILD")).expect("it can be copied");
    fs::copy(&recipes.tarball, folder.join(recipes.tarball.file_name().expect("a name"))).expect("it can be copied");
    let mut makepkg = building("unshare", "arch-target");
    makepkg.args(["--user", "--map-user=1000", "--map-group=1000", "makepkg", "--nodeps"]).current_dir(&folder);
    process::output(&mut makepkg);
    let name = format!("libanchor-{VERSION}-1-{}", std::env::consts::ARCH);
    let package = folder.join(format!("{name}.pkg.tar.gz"));

    let root = empty_scratch("packages/arch-root");
    let database = root.join("var/lib/pacman");
    fs::create_dir_all(&database).expect("it can be made");
    let pacman = |arguments: &[&str]| {
        let mut pacman = Command::new("pacman");
        pacman.arg("--root").arg(&root).arg("--dbpath").arg(&database).args(["--noconfirm", "--nodeps", "--nodeps"]);
        process::output(pacman.args(arguments))
    };
    pacman(&["--upgrade", package.to_str().expect("UTF-8")]);
    links_both_ways("arch", &root.join("usr"), "lib");
    assert!(root.join("usr/share/licenses/libanchor/THIRD-PARTY.txt").is_file());
    pacman(&["--remove", "libanchor"]);
    assert!(!root.join("usr/lib").exists());
}

/// A command that builds from the tarball, by the debug profile, as a user who has Rust.
fn building(program: &str, target: &str) -> Command {
    let mut command = outside(program);
    command.env("MAKEFLAGS", "PROFILE=dev").env("CARGO_PROFILE_DEV_DEBUG", "0");
    command.env("CARGO_TARGET_DIR", empty_scratch(&format!("packages/{target}")));
    command
}

/// `conan create` builds, and runs the program of the recipe's own test, for both kinds of library.
#[test]
fn conan_builds_and_links() {
    let Some(recipes) = recipes().filter(|_| tools::has("conan") && tools::has("cmake")) else { return };
    let folder = empty_scratch("packages/conan");
    process::output(Command::new("cp").arg("-R").arg(recipes.folder.join("conan")).arg(folder.join("recipe")));
    let data = recipes.text("conan/conandata.yml");
    let (before, after) = data.split_once("https://").expect("an address");
    let after = after.split_once('"').expect("its end").1;
    let data = format!("{before}file://{}\"{after}", recipes.tarball.display());
    fs::write(folder.join("recipe/conandata.yml"), data).expect("it can be written");
    let conan = |arguments: &[&str]| {
        let mut conan = building("conan", "conan-target");
        let output =
            conan.env("CONAN_HOME", folder.join("home")).current_dir(folder.join("recipe")).args(arguments).output();
        let output = output.expect("conan runs");
        let said = process::text(&output.stdout) + &process::text(&output.stderr);
        assert!(output.status.success(), "{said}");
        said
    };
    conan(&["profile", "detect"]);
    for shared in ["False", "True"] {
        let said = conan(&["create", ".", "-o", &format!("&:shared={shared}")]);
        assert!(said.lines().any(|line| line == VERSION), "{said}");
    }
}

/// A function that has the name of one of the shell's own commands would stand in its place in abuild too.
#[test]
fn apkbuild_defines_no_command_of_the_shell() {
    let Some(recipes) = recipes() else { return };
    let text = recipes.text("alpine/APKBUILD");
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_suffix("() {")).collect();
    assert!(names.contains(&"package"), "{names:?}");
    for name in names {
        let known = process::run(Command::new("sh").args(["-c", &format!("command -V {name}")]));
        assert!(!known.status.success(), "{name}: {}", known.stdout);
    }
}

#[test]
fn apkbuild_is_a_shell_script() {
    let Some(recipes) = recipes().filter(|_| tools::has("shellcheck")) else { return };
    let file = recipes.folder.join("alpine/APKBUILD");
    process::output(Command::new("sh").arg("-n").arg(&file));
    // abuild sets and reads variables that this file alone does not.
    process::output(Command::new("shellcheck").args(["--shell=sh", "--exclude=SC2034,SC2154"]).arg(&file));
}

#[test]
fn the_formula_is_ruby() {
    let Some(recipes) = recipes().filter(|_| tools::has("ruby")) else { return };
    let said = process::output(Command::new("ruby").arg("-wc").arg(recipes.folder.join("homebrew/libanchor.rb")));
    assert_eq!(said.trim_end(), "Syntax OK");
}

/// What it evaluates to, with stand-ins for what nixpkgs gives it.
#[test]
fn the_nix_expression_is_evaluated() {
    let Some(recipes) = recipes().filter(|_| tools::has("nix-instantiate")) else { return };
    let folder = empty_scratch("packages/nix");
    let given = "lib = { licenses = { mit = 1; asl20 = 2; isc = 3; bsd3 = 4; }; platforms.linux = 6; };
        stdenv.mkDerivation = it: it; fetchurl = it: it; cargo = 7; rustc = 8;";
    let file = recipes.folder.join("nix/libanchor.nix");
    let mut nix = Command::new("nix-instantiate");
    for (variable, name) in [("NIX_STORE_DIR", "store"), ("NIX_STATE_DIR", "state"), ("NIX_LOG_DIR", "log")] {
        nix.env(variable, folder.join(name));
    }
    nix.args(["--eval", "--strict", "--json", "--expr", &format!("import {} {{ {given} }}", file.display())]);
    let found: Value = serde_json::from_str(&process::output(&mut nix)).expect("JSON");
    assert_eq!(found["version"], VERSION);
    assert_eq!(found["src"]["sha256"], recipes.checksum("sha256sum"));
    assert_eq!(found["nativeBuildInputs"].as_array().map(Vec::len), Some(2));
}

/// CMake runs the port, with functions in the place of vcpkg's that say what they were called with. What `make install` installs is
/// there already, and a program is linked with what the port makes of it.
#[test]
fn the_vcpkg_port_is_cmake() {
    let Some(recipes) = recipes().filter(|_| tools::has("cmake")) else { return };
    let manifest: Value = serde_json::from_str(&recipes.text("vcpkg/vcpkg.json")).expect("JSON");
    assert_eq!((&manifest["version"], &manifest["name"]), (&VERSION.into(), &"libanchor".into()));
    let folder = empty_scratch("packages/vcpkg");
    let names = [
        "vcpkg_download_distfile",
        "vcpkg_extract_source_archive",
        "vcpkg_execute_required_process",
        "vcpkg_fixup_pkgconfig",
        "vcpkg_install_copyright",
    ];
    let stands_in = |name: &&str| format!("function({name})\n  message(STATUS \"{name} ${{ARGV}}\")\nendfunction()\n");
    let script = names.iter().map(stands_in).collect::<String>();
    let installed = folder.join("installed");
    process::output(Command::new("cp").args(["-R", "--"]).arg(prefix()).arg(&installed));
    let place = |path: &Path| path.display().to_string();
    let script = format!(
        "{script}set(TARGET_TRIPLET x64-linux)\nset(VCPKG_LIBRARY_LINKAGE static)\nset(CURRENT_PACKAGES_DIR {})\ninclude({})\n",
        place(&installed),
        place(&recipes.folder.join("vcpkg/portfile.cmake"))
    );
    fs::write(folder.join("script.cmake"), script).expect("it can be written");
    let said = process::output(Command::new("cmake").arg("-P").arg(folder.join("script.cmake")));
    for name in names {
        assert!(said.contains(&format!("-- {name}")), "{name} was not called: {said}");
    }
    assert!(!installed.join("lib/libanchor.so").exists() && !installed.join("lib/cmake").exists());
    let program = folder_with("vcpkg-program", &["round.c", "cmake/CMakeLists.txt"]);
    let line = format!("cmake -S . -B build -Danchor_DIR={}/share/anchor && cmake --build build", place(&installed));
    shell(Path::new("/nowhere"), &program, &line);
    for name in ["shared", "static"] {
        runs(outside(program.join("build").join(name).to_str().expect("UTF-8")));
    }
}
