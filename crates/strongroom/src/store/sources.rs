//! The sources that come with the library: a vault, a plaintext JSON file, and name/value pairs.
//!
//! Plaintext does not say when a credential was made, so `created` is 0 in records from it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{ExchangeSecrets, SecretStore, StoreError};
use crate::formats::{self, ImportFormat, ImportOptions};
use crate::record::{Contents, Record};
use crate::secret::Secret;
use crate::{Error, ImportError, Vault};

/// More than any file of credentials; what is longer is something else.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

const OPTIONS: ImportOptions<'static> = ImportOptions { exchange: None, now: 0 };

/// An open vault, as it was when it was opened or last edited.
impl SecretStore for Vault {
    fn fetch(&self, exchange: &str) -> Result<ExchangeSecrets, StoreError> {
        self.contents().fetch(exchange)
    }
}

/// The decoded contents of a vault.
impl SecretStore for Contents {
    fn fetch(&self, exchange: &str) -> Result<ExchangeSecrets, StoreError> {
        ExchangeSecrets::copied_from(exchange, self.records())
    }
}

/// A plaintext `{"exchange_secrets": {...}}` file, as financepype's `LocalExchangeSecrets` reads it.
///
/// It is read at every fetch, so that changes are seen. For the way to a vault, and for tests.
#[derive(Debug, Clone)]
pub struct JsonFile {
    path: PathBuf,
}

impl JsonFile {
    /// The file at this path. Nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> JsonFile {
        JsonFile { path: path.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl SecretStore for JsonFile {
    fn fetch(&self, exchange: &str) -> Result<ExchangeSecrets, StoreError> {
        let read = || formats::read(ImportFormat::Json, &read_text(&self.path)?, &OPTIONS);
        let imported = read().map_err(|source| StoreError::File { path: self.path.clone(), source })?;
        ExchangeSecrets::new(exchange, imported.records)
    }
}

/// The whole file in wiped memory.
fn read_text(path: &Path) -> Result<Secret, Error> {
    let failed = |source| Error::File { operation: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let too_long = || failed(io::Error::new(io::ErrorKind::FileTooLarge, "too long for a file of credentials"));
    if length > MOST_BYTES {
        return Err(too_long());
    }
    // Filled to its capacity and no further: growing would leave a copy behind. The spare byte shows
    // whether the file grew meanwhile.
    let mut bytes = Zeroizing::new(vec![0; length as usize + 1]);
    let mut filled = 0;
    loop {
        match (&file).read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    if filled > length as usize {
        return Err(failed(io::Error::new(io::ErrorKind::Interrupted, "it grew while it was read")));
    }
    match std::str::from_utf8(&bytes[..filled]) {
        Ok(text) => Ok(Secret::copy_of(text)),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(ImportError { line: Some(line), field: None, problem: "not UTF-8".into() }.into())
        }
    }
}

/// The credentials among names and values, such as an environment or a `.env`.
///
/// Names are understood as [`formats::read`] understands them in a `.env`; names that are not a
/// credential's are ignored. The caller hands the pairs over; nothing is read from the environment.
#[derive(Debug)]
pub struct Variables {
    records: Vec<Record>,
}

impl Variables {
    /// The credentials among these pairs. Of equal names the last counts.
    ///
    /// For the environment of this process, [`std::env::vars`] is what to pass where every variable
    /// is known to be UTF-8; it panics on others, which [`std::env::vars_os`] lets a caller leave out.
    ///
    /// # Errors
    /// The operating system's randomness can fail.
    pub fn new<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Variables, StoreError> {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), Secret::new(value.into())));
        Ok(Variables { records: formats::records_of_pairs(pairs, &OPTIONS)? })
    }

    /// The credentials in the text of a `.env`.
    ///
    /// # Errors
    /// [`Error::Import`] names the lines that cannot be taken.
    pub fn from_dotenv(text: &Secret) -> Result<Variables, StoreError> {
        Ok(Variables { records: formats::read(ImportFormat::Dotenv, text, &OPTIONS)?.records })
    }
}

impl SecretStore for Variables {
    fn fetch(&self, exchange: &str) -> Result<ExchangeSecrets, StoreError> {
        ExchangeSecrets::copied_from(exchange, &self.records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(store: &dyn SecretStore, exchange: &str, subaccount: &str) -> String {
        let secrets = store.fetch(exchange).unwrap();
        secrets.subaccount(subaccount).unwrap().api_key().unwrap().expose_secret().to_owned()
    }

    fn sample(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
    }

    #[test]
    fn the_samples_can_be_fetched_from() {
        let json = JsonFile::new(sample("secrets.json"));
        let env = Variables::from_dotenv(&read_text(&sample("sample.env")).unwrap()).unwrap();
        for store in [&json as &dyn SecretStore, &env] {
            assert_eq!(key(store, "binance", "main"), "EXAMPLE-BINANCE-MAIN-KEY");
            assert_eq!(key(store, "OKX", "hedge"), "EXAMPLE-OKX-HEDGE-KEY");
            assert!(matches!(store.fetch("bybit"), Err(StoreError::NoSuchExchange { .. })));
        }
    }

    #[test]
    fn contents_can_be_fetched_from() {
        let mut contents = Contents::default();
        let text = Secret::copy_of("KRAKEN_API_KEY=EXAMPLE\nKRAKEN_API_SECRET=EXAMPLE\n");
        let imported = formats::read(ImportFormat::Dotenv, &text, &OPTIONS).unwrap();
        formats::merge_into(&mut contents, imported, false, 0).unwrap();
        assert_eq!(key(&contents, "kraken", "main"), "EXAMPLE");
    }

    #[test]
    fn pairs_that_are_no_credentials_are_ignored_and_the_last_of_equals_counts() {
        let pairs = [("PATH", "/bin"), ("OKX_API_KEY", "1"), ("OKX_API_SECRET", "2"), ("OKX_API_KEY", "3")];
        assert_eq!(key(&Variables::new(pairs).unwrap(), "okx", "main"), "3");
        let owned = vec![("OKX_API_KEY".to_owned(), "1".to_owned())];
        assert_eq!(key(&Variables::new(owned).unwrap(), "okx", "main"), "1");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets.json");
        let error = |path: &Path| {
            let error = JsonFile::new(path).fetch("okx").unwrap_err();
            format!("{error}: {}", std::error::Error::source(&error).unwrap())
        };
        assert!(error(&path).contains("secrets.json: cannot read"));
        std::fs::write(&path, "{\n\"exchange_secrets\": 1}").unwrap();
        assert!(error(&path).ends_with("line 2, exchange_secrets: a number where an object should be"));
        std::fs::write(&path, b"{\n\n\xff}").unwrap();
        assert!(error(&path).ends_with("line 3: not UTF-8"));
    }
}
