//! Which account an API key opens. Events of one account are invisible to another.
//!
//! A key never leaves this module. The rest of the server knows an account by its number.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Serialize, Serializer};

/// The events of one API key. Accounts are numbered in the order in which they were first used.
///
/// Each wait, signal and log record holds a clone, so the clones show whether an account is in use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account(Arc<u32>);

/// The known keys, and whether an unknown key opens a new account.
pub struct Accounts {
    known: Mutex<Known>,
    any_key: bool,
}

#[derive(Default)]
struct Known {
    by_key: HashMap<Box<[u8]>, Account>,
    last_number: u32,
}

impl Accounts {
    /// With keys, only these are accepted. Without, every key is.
    pub fn new(keys: &[String]) -> Self {
        let mut known = Known::default();
        for key in keys {
            known.open(key.as_bytes());
        }
        Self { any_key: keys.is_empty(), known: Mutex::new(known) }
    }

    /// The account of this key, or `None` if the key is not accepted.
    pub fn open(&self, key: &[u8]) -> Option<Account> {
        let mut known = self.known();
        match known.by_key.get(key) {
            Some(account) => Some(account.clone()),
            None => (self.any_key && !key.is_empty()).then(|| known.open(key)),
        }
    }

    /// The known account with this number.
    pub fn numbered(&self, number: u32) -> Option<Account> {
        self.known().by_key.values().find(|account| account.number() == number).cloned()
    }

    /// The numbers of the known accounts, ascending.
    pub fn numbers(&self) -> Vec<u32> {
        let mut numbers: Vec<_> = self.known().by_key.values().map(Account::number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Whether every key is accepted.
    pub fn accept_any_key(&self) -> bool {
        self.any_key
    }

    /// Forgets the accounts that nothing refers to. Given keys stay.
    pub fn forget_unused(&self) {
        if self.any_key {
            // A clone is only made from another clone or under this lock, so a count of 1 cannot rise meanwhile.
            self.known().by_key.retain(|_, account| Arc::strong_count(&account.0) > 1);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn open(&mut self, key: &[u8]) -> Account {
        let last_number = &mut self.last_number;
        let account = self.by_key.entry(key.into()).or_insert_with(|| {
            *last_number += 1;
            Account::new(*last_number)
        });
        account.clone()
    }
}

impl Account {
    pub fn new(number: u32) -> Self {
        Self(Arc::new(number))
    }

    pub fn number(&self) -> u32 {
        *self.0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(accounts: &Accounts, key: &[u8]) -> Option<u32> {
        accounts.open(key).map(|account| account.number())
    }

    #[test]
    fn any_key_opens_its_own_account_unless_keys_were_given() {
        let accounts = Accounts::new(&[]);
        for (key, expected) in [("one", 1), ("two", 2), ("one", 1)] {
            assert_eq!(number(&accounts, key.as_bytes()), Some(expected));
        }
    }

    #[test]
    fn given_keys_keep_others_out() {
        let accounts = Accounts::new(&["one".into(), "one".into(), "two".into()]);
        assert_eq!(number(&accounts, b"two"), Some(2));
        assert_eq!(number(&accounts, b"three"), None);
        accounts.forget_unused();
        assert_eq!(accounts.numbers(), [1, 2]);
    }

    #[test]
    fn an_empty_key_opens_nothing() {
        assert_eq!(number(&Accounts::new(&[]), b""), None);
    }

    #[test]
    fn an_account_is_forgotten_when_nothing_refers_to_it() {
        let accounts = Accounts::new(&[]);
        let used = accounts.open(b"used").unwrap();
        accounts.open(b"unused").unwrap();
        accounts.forget_unused();
        assert_eq!(accounts.numbers(), [used.number()]);
        assert_eq!(accounts.numbered(1), Some(used));
        assert_eq!(accounts.numbered(2), None);
        assert_eq!(number(&accounts, b"unused"), Some(3), "a number is not used again");
    }
}
