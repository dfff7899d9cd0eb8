//! A bill of materials in CycloneDX 1.5. It has no time and no serial number, so that it changes with the crates alone.

use super::crates::{COMMAND, Crate, SYSTEMS};
use super::{Crates, RUNTIMES, Runtime};
use serde_json::{Value, json};

pub fn of(package: &str, crates: &Crates) -> String {
    let id = format!("{package} {}", env!("CARGO_PKG_VERSION"));
    let is_command = package == COMMAND;
    let mut product = component(&crates[&id]);
    product["type"] = json!(if is_command { "application" } else { "library" });
    product["name"] = json!(if is_command { "anchor-events" } else { "libanchor" });
    let parts = crates.iter().filter(|(other, _)| **other != id).map(|(_, krate)| component(krate));
    let parts = parts.chain(RUNTIMES.iter().map(linked_in));
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": product},
        "components": parts.collect::<Vec<_>>(),
        "dependencies": crates.values().map(|krate| json!({
            "ref": address(krate),
            "dependsOn": krate.uses.iter().map(|id| address(&crates[id])).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&bill).expect("JSON") + "\n"
}

fn component(krate: &Crate) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": address(krate),
        "name": krate.name,
        "version": krate.version,
        // Crates that are years old write / for OR.
        "licenses": [{"expression": krate.licence.replace('/', " OR ")}],
        "purl": address(krate),
    });
    if let Some(checksum) = &krate.checksum {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    if krate.systems.len() < SYSTEMS.len() {
        let systems = krate.systems.iter().copied().collect::<Vec<_>>().join(", ");
        component["properties"] = json!([{"name": "libanchor:systems", "value": systems}]);
    }
    component
}

fn linked_in(runtime: &Runtime) -> Value {
    json!({
        "type": "library",
        "name": runtime.name,
        "licenses": [{"expression": runtime.licence}],
        "properties": [{"name": "libanchor:systems", "value": runtime.systems}],
    })
}

fn address(krate: &Crate) -> String {
    format!("pkg:cargo/{}@{}", krate.name, krate.version.replace('+', "%2B"))
}
