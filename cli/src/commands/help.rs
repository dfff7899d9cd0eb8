//! The parts of the documentation that clap does not derive from the arguments: exit codes, environment, examples. They
//! are at the end of `--help` and in the manual page.

use crate::exit::CODES;

pub const ENVIRONMENT: [(&str, &str); 6] = [
    ("ANCHORBROWSER_API_KEY", "The API key. If it is not set, ANCHOR_API_KEY is used."),
    ("ANCHORBROWSER_BASE_URL", "The URL of the service; the default is https://api.anchorbrowser.io."),
    (
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "The proxy, chosen by the scheme of the service's URL: http, https, socks5 or socks5h.",
    ),
    ("ANCHOR_SERVE_API_KEY", "The API key that serve accepts; the default is any key."),
    ("ANCHOR_SERVE_ADMIN_TOKEN", "The token of serve's admin endpoint."),
    ("NO_COLOR", "If set, nothing is printed in color."),
];

pub const EXAMPLES: [(&str, &str); 5] = [
    (
        "code=$(anchor-events wait mfa_code --timeout 5m --pointer /data/code)",
        "Waits for a one-time code and stores the code alone.",
    ),
    ("anchor-events signal mfa_code code=123456", "Sends the code to the program that waits for it."),
    ("anchor-events wait paid failed --any --json", "Waits for the first of two events and prints which one it was."),
    (
        "anchor-events wait deploy --follow --exec 'cat >> deploys.log'",
        "Runs a command for every event until it is interrupted.",
    ),
    ("anchor-events serve --fault 'mfa_code=status:503,times=2'", "Runs a local server that fails twice first."),
];

/// The end of `anchor-events --help`.
pub fn after_long_help() -> String {
    let environment = list(&ENVIRONMENT);
    let examples = list(&EXAMPLES);
    format!("{}\n\nEnvironment:\n{environment}\n\nExamples:\n{examples}", exit_codes())
}

/// The end of the long help of a command that talks to a service.
pub fn exit_codes() -> String {
    let codes: Vec<String> = CODES.iter().map(|(code, meaning)| format!("  {code:<4} {meaning}")).collect();
    format!("Exit status:\n{}", codes.join("\n"))
}

fn list(entries: &[(&str, &str)]) -> String {
    let lines: Vec<String> = entries.iter().map(|(term, meaning)| format!("  {term}\n      {meaning}")).collect();
    lines.join("\n")
}
