//! Names the systems that this crate is compiled for and on, which cargo tells a build script alone.

fn main() {
    for name in ["TARGET", "HOST"] {
        println!("cargo::rustc-env=ANCHOR_{name}={}", std::env::var(name).expect("cargo sets it"));
    }
    println!("cargo::rerun-if-changed=build.rs");
}
