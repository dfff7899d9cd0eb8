//! What the compiler refuses, as its error is.

/// C26: a value of another type, or none.
///
/// ```
/// fn main() -> Result<(), anchor::Error> {
///     let mut config = anchor::Config::from_env();
///     config.set_retries(3);
///     let _ = anchor::Client::new(&config)?.wait("refused_by_the_compiler", Some(std::time::Duration::ZERO), None);
///     Ok(())
/// }
/// ```
///
/// ```compile_fail,E0308
/// let _ = anchor::Client::new(&anchor::Config::from_env()).unwrap().wait(1, None, None);
/// ```
///
/// ```compile_fail,E0308
/// let _ = anchor::Client::new(&anchor::Config::from_env()).unwrap().wait(None, None, None);
/// ```
///
/// ```compile_fail,E0308
/// let _ = anchor::Client::new(&anchor::Config::from_env()).unwrap().wait("x", Some(1.5), None);
/// ```
///
/// ```compile_fail,E0600
/// anchor::Config::from_env().set_retries(-1u32);
/// ```
pub struct Types;

/// C19: a client that was dropped.
///
/// ```compile_fail,E0382
/// let client = anchor::Client::new(&anchor::Config::from_env()).unwrap();
/// drop(client);
/// let _ = client.wait("x", None, None);
/// ```
pub struct Dropped;
