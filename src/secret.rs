//! A text that no output may contain: the API key, or a proxy's credentials.

use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The text is wiped from memory when the last clone is dropped, and `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    pub fn new(text: Zeroizing<String>) -> Secret {
        Secret(Arc::new(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret::new(Zeroizing::new(text.to_owned()))
    }
}

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
