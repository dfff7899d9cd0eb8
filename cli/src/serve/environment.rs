//! The environment of a client of this server, as shell lines to copy.

use std::path::Path;

/// `ca_path` is for a server with TLS. A key that the server accepts is never shown.
pub fn lines(url: &str, ca_path: Option<&Path>, any_key: bool) -> String {
    let key = if any_key { "local" } else { "'one of the accepted keys'" };
    let mut lines = format!("export ANCHORBROWSER_BASE_URL={}\nexport ANCHORBROWSER_API_KEY={key}\n", quoted(url));
    if let Some(path) = ca_path {
        lines.push_str(&format!("export SSL_CERT_FILE={}\n", quoted(&path.to_string_lossy())));
    }
    lines
}

/// Quoted for a POSIX shell, if that is necessary.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/:._-".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_set_the_environment_of_a_client() {
        assert_eq!(
            lines("http://127.0.0.1:8642", None, true),
            "export ANCHORBROWSER_BASE_URL=http://127.0.0.1:8642\nexport ANCHORBROWSER_API_KEY=local\n"
        );
        let with_tls = lines("https://127.0.0.1:1", Some(Path::new("/tmp/it's here/ca.pem")), false);
        assert!(with_tls.contains("API_KEY='one of the accepted keys'\n"), "{with_tls}");
        assert!(with_tls.ends_with("export SSL_CERT_FILE='/tmp/it'\\''s here/ca.pem'\n"), "{with_tls}");
    }
}
