//! The environment of a client of this server, as lines to copy into a shell.

use std::path::Path;

use crate::system::ShellSyntax;

/// `ca_path` is for a server with TLS. A key that the server accepts is never shown.
pub fn lines(syntax: ShellSyntax, url: &str, ca_path: Option<&Path>, any_key: bool) -> String {
    let key = if any_key { "local" } else { "one of the accepted keys" };
    let ca_path = ca_path.map(Path::to_string_lossy);
    let variables = [
        ("ANCHORBROWSER_BASE_URL", Some(url)),
        ("ANCHORBROWSER_API_KEY", Some(key)),
        ("SSL_CERT_FILE", ca_path.as_deref()),
    ];
    variables.into_iter().filter_map(|(name, value)| Some(line(syntax, name, value?))).collect()
}

fn line(syntax: ShellSyntax, name: &str, value: &str) -> String {
    match syntax {
        ShellSyntax::Posix => format!("export {name}={}\n", quoted(value)),
        ShellSyntax::PowerShell => format!("$env:{name} = {}\n", quoted_for_power_shell(value)),
    }
}

/// Quoted for a POSIX shell, if that is necessary.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/:._-".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// It takes four other characters of Unicode for a quote too. Two quotes stand for the first of them.
fn quoted_for_power_shell(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_set_the_environment_of_a_client() {
        assert_eq!(
            lines(ShellSyntax::Posix, "http://127.0.0.1:8642", None, true),
            "export ANCHORBROWSER_BASE_URL=http://127.0.0.1:8642\nexport ANCHORBROWSER_API_KEY=local\n"
        );
        let ca_path = Some(Path::new("/tmp/it's here/ca.pem"));
        let with_tls = lines(ShellSyntax::Posix, "https://127.0.0.1:1", ca_path, false);
        assert!(with_tls.contains("API_KEY='one of the accepted keys'\n"), "{with_tls}");
        assert!(with_tls.ends_with("export SSL_CERT_FILE='/tmp/it'\\''s here/ca.pem'\n"), "{with_tls}");
    }

    #[test]
    fn power_shell_has_a_syntax_of_its_own() {
        assert_eq!(
            lines(ShellSyntax::PowerShell, "http://127.0.0.1:1", Some(Path::new(r"C:\it's here\ca.pem")), true),
            "$env:ANCHORBROWSER_BASE_URL = 'http://127.0.0.1:1'\n$env:ANCHORBROWSER_API_KEY = 'local'\n\
             $env:SSL_CERT_FILE = 'C:\\it''s here\\ca.pem'\n"
        );
        assert_eq!(quoted_for_power_shell("a\u{2019}; calc"), "'a\u{2019}\u{2019}; calc'");
    }
}
