//! hummingbot's `conf/connectors/*.yml`: one connector a file, every secret in it encrypted by itself.
//!
//! Reading is two steps, because opening costs: [`Connector::read`] checks and bounds a file without the password, and
//! [`open`] decrypts the values of all files together, on as many threads as there are processors. [`Verification`]
//! is the file beside them that tells a right password from a wrong one.

mod connectors;
mod keyfile;
mod primitives;
mod yaml;

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use self::connectors::Known;
use self::keyfile::{Keyfile, Refusal, is_sealed};
use self::yaml::{Entry, Value};
use super::missing;
use super::{Imported, Notice, guess_kind, names, spelling};
use crate::memory::without_traces;
use crate::record::{CredentialKind, Fields, Record, Reference, Timestamp, field, name};
use crate::registry;
use crate::secret::Secret;
use crate::{Error, ImportError, Result};

/// The word that hummingbot encrypts to know its password again.
const VERIFICATION_WORD: &str = "HummingBot";

/// The longest file. A real one has a few thousand bytes.
const MOST_BYTES: usize = 1 << 20;

/// What every file has and no credential needs.
const OF_NO_INTEREST: [&str; 2] = ["connector", "receive_connector_configuration"];

/// A connector's file, read and bounded. Its secrets are still encrypted.
pub struct Connector {
    name: String,
    account: Reference,
    sealed: Vec<Sealed>,
    clear: Fields,
    notices: Vec<Notice>,
}

/// An encrypted value, where it stands, and which field of ours it is.
struct Sealed {
    field: String,
    path: String,
    line: usize,
    keyfile: Keyfile,
}

impl Connector {
    /// Reads the text of a file. It takes no password and derives nothing.
    ///
    /// # Errors
    /// [`ImportError`] with line and field: for what is not hummingbot's, for values that should be encrypted and are
    /// not, and for encrypted ones whose cost or form hummingbot does not write.
    pub fn read(text: &Secret) -> Result<Connector> {
        Ok(without_traces(|| read(text.expose_secret()))?)
    }

    /// The connector's name, as hummingbot has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many values are encrypted. Each costs a derivation of its own, about a third of a second.
    pub fn secrets(&self) -> usize {
        self.sealed.len()
    }
}

/// Whether a text is a connector's file: it names its connector, and something in it is encrypted as hummingbot does.
pub(super) fn is_connector(text: &str) -> bool {
    let mut lines = text.lines();
    lines.any(|line| line.starts_with("connector:"))
        && text.lines().any(|line| line.split_once(": ").is_some_and(|(_, value)| is_sealed(value.trim())))
}

fn read(text: &str) -> Result<Connector, ImportError> {
    let whole = |problem: &str| ImportError { line: None, field: None, problem: problem.into() };
    if text.len() > MOST_BYTES {
        return Err(whole("is longer than any connector's file"));
    }
    let entries = yaml::entries(text)?;
    let name_entry = entries.iter().find(|entry| entry.is_at("connector"));
    let name_entry = name_entry.ok_or_else(|| whole("no line says which connector this is for"))?;
    let name = match name_entry.value {
        Value::Text(name) if is_connector_name(name) => name,
        _ => return Err(name_entry.error("is not the name of a connector")),
    };
    let known = Known::of(name);
    let text_of = |path: &str| {
        let entry = entries.iter().find(|entry| entry.is_at(path))?;
        match entry.value {
            Value::Text(text) => Some(text),
            Value::Empty | Value::Other => None,
        }
    };
    let account = known.map_or_else(|| connectors::guessed_account(name), |known| known.account(text_of));
    let mut connector =
        Connector { name: name.to_owned(), account, sealed: vec![], clear: Fields::default(), notices: vec![] };
    let mut left_out: Vec<&str> = Vec::new();
    for entry in &entries {
        connector.take(entry, known, &mut left_out)?;
    }
    if known.is_none() && !connector.sealed.is_empty() {
        connector.notice("is not a connector that is known here; its fields are kept under their own names".into());
    }
    if connector.sealed.is_empty() {
        connector.notice("has no encrypted value; nothing is taken from it".into());
    } else if !left_out.is_empty() {
        connector.notice(format!("left out, being no credentials: {}", left_out.join(", ")));
    }
    Ok(connector)
}

impl Connector {
    fn take<'t>(
        &mut self,
        entry: &Entry<'t>,
        known: Option<Known>,
        left_out: &mut Vec<&'t str>,
    ) -> Result<(), ImportError> {
        let path = entry.path();
        let ours = known.and_then(|known| known.sealed(&path));
        match entry.value {
            Value::Text(digits) if ours.is_some() || is_sealed(digits) => {
                if !is_sealed(digits) {
                    return Err(entry.error("is not encrypted as hummingbot encrypts its secrets"));
                }
                let keyfile = Keyfile::read(digits).map_err(|error| match error.field {
                    Some(inside) => entry.error(format!("in {inside} of the encrypted value: {}", error.problem)),
                    None => entry.error(format!("the encrypted value {}", error.problem)),
                })?;
                if known.is_some() && ours.is_none() {
                    let name = names::shown_or(&path, "a value");
                    self.notice(format!("{name} is not known here and is kept under its own name"));
                }
                let field = ours.map_or_else(|| path.clone(), str::to_owned);
                if !name::is_field(&field) {
                    return Err(entry.error("has a name that is too long for a field"));
                }
                self.sealed.push(Sealed { field, path, line: entry.line, keyfile });
            }
            Value::Other if ours.is_some() => {
                return Err(entry.error("is not on one line, as hummingbot writes it"));
            }
            Value::Text(text) => match known.and_then(|known| known.clear(&path)) {
                Some(ours) => {
                    self.clear.set(ours, Secret::copy_of(text));
                }
                None if OF_NO_INTEREST.contains(&path.as_str()) || known.is_some_and(|known| known.decides(&path)) => {}
                None => {
                    let name = entry.parent.unwrap_or(entry.key);
                    let name = names::shown_or(name, "a setting of unusual name");
                    if !left_out.contains(&name) {
                        left_out.push(name);
                    }
                }
            },
            Value::Empty | Value::Other => {}
        }
        Ok(())
    }

    fn notice(&mut self, text: String) {
        let name = names::shown_or(&self.name, "a connector of unusual name");
        self.notices.push(Notice { line: None, text: format!("{name}: {text}") });
    }
}

/// As hummingbot's own are, so that no misplaced text becomes the name of an account.
fn is_connector_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// `conf/.password_verification`: a word that everybody knows, encrypted with the password.
pub struct Verification(Keyfile);

impl Verification {
    /// Reads the text of that file.
    ///
    /// # Errors
    /// As for the values of a connector.
    pub fn read(text: &Secret) -> Result<Verification> {
        let digits = text.expose_secret().trim();
        if digits.len() > MOST_BYTES {
            let problem = "is longer than any encrypted word".into();
            return Err(ImportError { line: None, field: None, problem }.into());
        }
        let keyfile = without_traces(|| Keyfile::read(digits)).map_err(|error| ImportError { line: None, ..error })?;
        Ok(Verification(keyfile))
    }

    /// Whether this is the password. It takes about a third of a second.
    pub fn accepts(&self, password: &Secret) -> bool {
        self.0.open(password).is_ok_and(|word| word.expose_secret() == VERIFICATION_WORD)
    }
}

/// Why values were not decrypted.
#[derive(Debug)]
pub struct OpenError {
    /// Which of the connectors, in the order in which they were given; none when it is about all of them together.
    pub connector: Option<usize>,
    /// What is wrong, with line and field.
    pub error: Error,
    /// Whether not one value opened: then it is the password.
    pub wrong_password: bool,
}

/// Decrypts all values of these connectors. `progress` is told, from any thread, how many of how many are done.
///
/// # Errors
/// [`OpenError`]: it is all or nothing.
///
/// # Security
/// That a value opens proves the password, not that the value belongs to that field: whoever can write these files can
/// exchange values of one password unseen.
pub fn open(
    connectors: Vec<Connector>,
    password: &Secret,
    now: Timestamp,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Imported, OpenError> {
    let jobs: Vec<(usize, &Sealed)> = connectors
        .iter()
        .enumerate()
        .flat_map(|(at, connector)| connector.sealed.iter().map(move |sealed| (at, sealed)))
        .collect();
    let mut values = decrypted(&jobs, password, progress)?.into_iter();
    let mut imported = Imported::new();
    for connector in connectors {
        imported.notices.extend(connector.notices);
        if connector.sealed.is_empty() {
            continue;
        }
        let whole = |error| OpenError { connector: None, error, wrong_password: false };
        let mut record = Record::new(&connector.account, now).map_err(whole)?;
        record.fields = connector.clear;
        // As many values as there are secrets, in their order. An empty one is what hummingbot writes for none.
        for (sealed, value) in connector.sealed.iter().zip(values.by_ref()) {
            if !value.is_empty() {
                record.fields.set(&sealed.field, value);
            }
        }
        record.kind = kind(&record);
        let is_known = registry::exchange(&record.exchange).is_some();
        imported.notices.extend(missing::notice(&record).filter(|_| is_known));
        imported.records.push(record);
    }
    let whole = |error| OpenError { connector: None, error, wrong_password: false };
    names::check(&imported).map_err(whole)?;
    imported.notices.extend(spelling::unknown_exchanges(&imported.records));
    Ok(imported)
}

/// A key that comes with an address or in words is a wallet's, whatever its digits look like.
fn kind(record: &Record) -> CredentialKind {
    let has = |name: &str| record.fields.get(name).is_some();
    let is_wallet = !has(field::API_SECRET) && (has(field::WALLET_ADDRESS) || has("mnemonic"));
    match guess_kind(&record.exchange, &record.fields) {
        CredentialKind::Hmac if is_wallet => CredentialKind::Wallet,
        kind => kind,
    }
}

/// The values of these jobs, in their order.
fn decrypted(
    jobs: &[(usize, &Sealed)],
    password: &Secret,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Vec<Secret>, OpenError> {
    let results: Vec<Mutex<Option<Result<Secret, Refusal>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let (next, done, stopped) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        while !stopped.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some((_, sealed)), Some(place)) = (jobs.get(at), results.get(at)) else { return };
            let result = sealed.keyfile.open(password);
            // The first that fails ends it: with a wrong password nobody waits for all the others.
            stopped.fetch_or(result.is_err(), Ordering::Relaxed);
            if let Ok(mut place) = place.lock() {
                *place = Some(result);
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, jobs.len());
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(jobs.len());
    thread::scope(|scope| {
        // This thread works too, so that it goes on where the system has no more threads to give.
        (1..threads).for_each(|_| drop(thread::Builder::new().spawn_scoped(scope, work)));
        work();
    });
    let results: Vec<Option<Result<Secret, Refusal>>> = results
        .into_iter()
        .map(|result| result.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()))
        .collect();
    let any_opened = results.iter().flatten().any(|result| !matches!(result, Err(Refusal::OtherPassword)));
    let failed = results.iter().position(|result| matches!(result, Some(Err(_))));
    if let Some(at) = failed
        && let (Some((connector, sealed)), Some(Some(Err(refusal)))) = (jobs.get(at), results.get(at))
    {
        let field = sealed.path.split('.').all(|part| names::shown(part).is_some()).then(|| sealed.path.clone());
        let error = ImportError { line: Some(sealed.line), field, problem: refusal.to_string() };
        return Err(OpenError { connector: Some(*connector), error: error.into(), wrong_password: !any_opened });
    }
    // Without a failure every job has its value.
    Ok(results.into_iter().flatten().flatten().collect())
}

#[cfg(test)]
mod tests;
