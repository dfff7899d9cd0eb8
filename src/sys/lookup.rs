//! Why a name has no address. The lookup itself is the system's.

/// Why a lookup found nothing.
#[derive(Clone, Debug)]
pub(crate) enum LookupError {
    /// The name service reports that the host does not exist, or that it has no address.
    UnknownHost(String),
    /// This process or the system has no descriptor or memory left.
    Exhausted(String),
    /// The name service did not answer, or failed.
    Failed(String),
}
