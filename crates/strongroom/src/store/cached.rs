//! A source that is asked once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{ExchangeSecrets, SecretStore, StoreError, cache_key};

/// Credentials by exchange, kept in memory after they were fetched.
///
/// What was handed out stays valid after an update: callers hold it as long as they like. Threads
/// that ask for the same exchange at once cause one fetch; while it goes on, others wait.
pub struct CachedStore<S> {
    source: S,
    cache: Mutex<BTreeMap<String, Arc<ExchangeSecrets>>>,
}

impl<S: SecretStore> CachedStore<S> {
    /// An empty cache around this source.
    pub fn new(source: S) -> CachedStore<S> {
        CachedStore { source, cache: Mutex::default() }
    }

    /// The source itself.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The credentials of this exchange: from the cache, or fetched when they are not there yet.
    ///
    /// # Errors
    /// As [`SecretStore::fetch`]. A failure is not remembered.
    pub fn get(&self, exchange: &str) -> Result<Arc<ExchangeSecrets>, StoreError> {
        let mut cache = self.lock();
        if let Some(cached) = cache.get(&cache_key(exchange)) {
            return Ok(Arc::clone(cached));
        }
        self.fetch_into(&mut cache, exchange)
    }

    /// Fetches the credentials of this exchange again, whether they are in the cache or not.
    ///
    /// # Errors
    /// As [`SecretStore::fetch`]. When the source says that it has no such exchange any more, the
    /// cache forgets it too; after any other failure it keeps what it had.
    pub fn update(&self, exchange: &str) -> Result<Arc<ExchangeSecrets>, StoreError> {
        let mut cache = self.lock();
        let updated = self.fetch_into(&mut cache, exchange);
        if let Err(StoreError::NoSuchExchange { .. }) = updated {
            cache.remove(&cache_key(exchange));
        }
        updated
    }

    /// Fetches all of these again, or none: the cache changes only when every fetch succeeded.
    ///
    /// # Errors
    /// The first one, as [`SecretStore::fetch`].
    pub fn update_all<'a>(&self, exchanges: impl IntoIterator<Item = &'a str>) -> Result<(), StoreError> {
        let mut cache = self.lock();
        let mut fetched = BTreeMap::new();
        for exchange in exchanges {
            self.fetch_into(&mut fetched, exchange)?;
        }
        cache.extend(fetched);
        Ok(())
    }

    /// Fetches everything again that is in the cache, or nothing, as [`CachedStore::update_all`].
    ///
    /// # Errors
    /// As [`CachedStore::update_all`].
    pub fn refetch(&self) -> Result<(), StoreError> {
        let exchanges: Vec<String> = self.lock().values().map(|cached| cached.exchange().to_owned()).collect();
        self.update_all(exchanges.iter().map(String::as_str))
    }

    /// Forgets this exchange and returns whether it was in the cache. The source keeps it.
    pub fn remove(&self, exchange: &str) -> bool {
        self.lock().remove(&cache_key(exchange)).is_some()
    }

    fn fetch_into(
        &self,
        cache: &mut BTreeMap<String, Arc<ExchangeSecrets>>,
        exchange: &str,
    ) -> Result<Arc<ExchangeSecrets>, StoreError> {
        let fetched = Arc::new(self.source.fetch(exchange)?);
        cache.insert(cache_key(exchange), Arc::clone(&fetched));
        Ok(fetched)
    }

    /// A thread that panicked in a source leaves the map as it was, so it can still be used.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<ExchangeSecrets>>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::record::{Record, Reference};
    use crate::secret::Secret;

    /// Knows two exchanges; each fetch gives another key. Exchanges can be taken away.
    #[derive(Default)]
    struct Source {
        fetches: AtomicUsize,
        gone: Mutex<Vec<&'static str>>,
        broken: Mutex<bool>,
    }

    impl SecretStore for Source {
        fn fetch(&self, exchange: &str) -> Result<ExchangeSecrets, StoreError> {
            if *self.broken.lock().unwrap() {
                return Err(StoreError::Source("unreachable".into()));
            }
            let count = self.fetches.fetch_add(1, Ordering::SeqCst);
            let gone = self.gone.lock().unwrap();
            let records = ["okx", "kraken"].into_iter().filter(|known| !gone.contains(known)).map(|known| {
                let mut record = Record::new(&Reference::new(known, "main"), 0).unwrap();
                record.fields.set("api_key", Secret::new(format!("EXAMPLE-{count}")));
                record
            });
            ExchangeSecrets::new(exchange, records)
        }
    }

    fn key(secrets: &ExchangeSecrets) -> String {
        secrets.subaccount("main").unwrap().api_key().unwrap().expose_secret().to_owned()
    }

    #[test]
    fn get_fetches_once_under_any_spelling() {
        let store = CachedStore::new(Source::default());
        for name in ["okx", "OKX", "okex", "okx"] {
            assert_eq!(key(&store.get(name).unwrap()), "EXAMPLE-0");
        }
        assert_eq!(store.source().fetches.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn update_fetches_always_and_leaves_what_was_handed_out() {
        let store = CachedStore::new(Source::default());
        let before = store.get("okx").unwrap();
        assert_eq!(key(&store.update("okx").unwrap()), "EXAMPLE-1");
        assert_eq!(key(&store.get("okx").unwrap()), "EXAMPLE-1");
        assert_eq!(key(&before), "EXAMPLE-0");
    }

    #[test]
    fn a_failed_update_keeps_what_was_there_unless_it_is_gone() {
        let store = CachedStore::new(Source::default());
        store.get("okx").unwrap();
        *store.source().broken.lock().unwrap() = true;
        assert!(matches!(store.update("okx"), Err(StoreError::Source(_))));
        assert_eq!(key(&store.get("okx").unwrap()), "EXAMPLE-0");
        *store.source().broken.lock().unwrap() = false;
        store.source().gone.lock().unwrap().push("okx");
        assert!(matches!(store.update("okx"), Err(StoreError::NoSuchExchange { .. })));
        assert!(store.get("okx").is_err());
    }

    #[test]
    fn update_all_is_all_or_nothing() {
        let store = CachedStore::new(Source::default());
        assert!(store.update_all(["okx", "unheard-of"]).is_err());
        assert!(!store.remove("okx"));
        store.update_all(["okx", "kraken"]).unwrap();
        let (okx, kraken) = (key(&store.get("okx").unwrap()), key(&store.get("kraken").unwrap()));
        store.refetch().unwrap();
        assert_ne!(key(&store.get("okx").unwrap()), okx);
        assert_ne!(key(&store.get("kraken").unwrap()), kraken);
    }

    #[test]
    fn remove_forgets_and_the_next_get_fetches() {
        let store = CachedStore::new(Source::default());
        store.get("okx").unwrap();
        assert!(store.remove("OKX"));
        assert!(!store.remove("okx"));
        assert_eq!(key(&store.get("okx").unwrap()), "EXAMPLE-1");
    }

    #[test]
    fn threads_that_ask_at_once_cause_one_fetch() {
        let store = CachedStore::new(Source::default());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| store.get("okx").unwrap());
            }
        });
        assert_eq!(store.source().fetches.load(Ordering::SeqCst), 1);
    }
}
