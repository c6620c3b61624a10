//! Masking: what may be kept of texts. Nothing here reads or writes.

mod addresses;
mod messages;
mod statements;

use loadstone_core::hash::Key;
use loadstone_core::redact::Redactor;

pub const KEY: &str = "000102030405060708090a0b0c0d0e0f";

pub fn redactor() -> Redactor {
    Redactor::new(Key::from_hex(KEY).unwrap(), ["page".to_owned()], ["sort=price".to_owned()])
}
