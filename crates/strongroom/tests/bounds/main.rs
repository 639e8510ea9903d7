//! What untrusted bytes can make a reader do: counted, not timed.

mod counted;
mod imports;
mod vaults;
