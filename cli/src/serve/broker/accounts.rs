//! Which account an API key opens. Events of one account are invisible to another.
//!
//! A key never leaves this module. The rest of the server knows an account by its number.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// The events of one API key. Accounts are numbered in the order in which they were first used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Account(pub u32);

/// The known keys, and whether an unknown key opens a new account.
pub struct Accounts {
    numbers: Mutex<HashMap<Box<[u8]>, Account>>,
    open: bool,
}

impl Accounts {
    /// With keys, only these are accepted. Without, every key is.
    pub fn new(keys: &[String]) -> Self {
        let mut numbers = HashMap::new();
        for key in keys {
            let next = Account(numbers.len() as u32 + 1);
            numbers.entry(key.as_bytes().into()).or_insert(next);
        }
        Self { open: numbers.is_empty(), numbers: Mutex::new(numbers) }
    }

    /// The account of this key, or `None` if the key is not accepted.
    pub fn open(&self, key: &[u8]) -> Option<Account> {
        if key.is_empty() {
            return None;
        }
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = numbers.get(key) {
            return Some(*account);
        }
        if !self.open {
            return None;
        }
        let account = Account(numbers.len() as u32 + 1);
        numbers.insert(key.into(), account);
        Some(account)
    }

    /// Whether this account has been opened, or was given from the start.
    pub fn knows(&self, account: Account) -> bool {
        (1..=self.count()).contains(&account.0)
    }

    /// Accounts are numbered from 1 to this.
    pub fn count(&self) -> u32 {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner).len() as u32
    }

    /// Whether any key is accepted.
    pub fn is_open(&self) -> bool {
        self.open
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_key_opens_its_own_account_unless_keys_were_given() {
        let accounts = Accounts::new(&[]);
        assert_eq!(accounts.open(b"one"), Some(Account(1)));
        assert_eq!(accounts.open(b"two"), Some(Account(2)));
        assert_eq!(accounts.open(b"one"), Some(Account(1)));
    }

    #[test]
    fn given_keys_keep_others_out() {
        let accounts = Accounts::new(&["one".into(), "one".into(), "two".into()]);
        assert_eq!(accounts.open(b"two"), Some(Account(2)));
        assert_eq!(accounts.open(b"three"), None);
    }

    #[test]
    fn an_empty_key_opens_nothing() {
        assert_eq!(Accounts::new(&[]).open(b""), None);
    }
}
