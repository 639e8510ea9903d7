//! Keys and how they are derived.
//!
//! Each function is one line of SPEC.md, section "Derivations", and has that line as its first sentence. Nothing here
//! reads files or knows about records. The only file that names `hkdf`, `hmac`, `sha2` (but for what
//! hummingbot's keys are derived with) and `x25519-dalek`.

#[cfg(test)]
mod published;

use hkdf::{Hkdf, HkdfExtract};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};

use crate::Error;
use crate::aead;
use crate::memory::primitive;
use crate::random;
use crate::secret::{SecretBytes, same};

/// A commitment to a key: 32 bytes, compared before anything is decrypted.
pub(crate) type Commitment = [u8; 32];

/// The key that everything in a payload hangs on. Random at its making, the same until the next re-key.
pub(crate) struct DataKey(SecretBytes<32>);

/// What a passphrase or a random key becomes before it meets a slot: 20, 32 or 64 bytes.
pub(crate) struct SlotSecret {
    bytes: SecretBytes<64>,
    len: usize,
}

/// The half of a slot's keys that the payload keeps: enough to wrap a new data key, not enough to unwrap one.
pub(crate) struct SlotEntryKeys {
    pub(crate) kw: SecretBytes<32>,
    pub(crate) pk: SecretBytes<32>,
}

/// All keys of a slot, which only its secret gives.
pub(crate) struct SlotKeys {
    kw: SecretBytes<32>,
    /// A scalar only while it is multiplied: the type of the library lies wherever it is moved.
    seed: SecretBytes<32>,
}

/// What binds a slot's keys to its place, all public.
#[derive(Clone, Copy)]
pub(crate) struct SlotContext<'a> {
    pub(crate) vault_id: &'a [u8; 16],
    pub(crate) slot_id: &'a [u8; 8],
    pub(crate) salt: &'a [u8; 16],
    /// The slot's bytes from its kind through its salt.
    pub(crate) through_salt: &'a [u8],
}

/// The parts of a slot that are computed and not chosen.
pub(crate) struct Wrapped {
    pub(crate) epk: [u8; 32],
    pub(crate) commitment: Commitment,
    /// The encrypted data key and its tag.
    pub(crate) wrapped: [u8; 48],
}

/// The shared secret of a slot was all zero, or its wrapped key did not decrypt under the committed key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnwrapError {
    /// The commitment is another's: the secret is not this slot's.
    OtherSecret,
    /// X25519 gave zeros.
    ZeroSharedSecret,
    /// The commitment fits and the tag does not.
    Tag,
}

impl SlotSecret {
    /// `s = the random key's bytes`
    pub(crate) fn random_key(key: &[u8]) -> SlotSecret {
        let mut bytes = SecretBytes::zeros();
        bytes.expose_mut()[..key.len()].copy_from_slice(key);
        SlotSecret { bytes, len: key.len() }
    }

    /// `s = Argon2id(...)`, followed by the key file's 32 bytes if one is needed. `derive` fills the first 32 bytes.
    pub(crate) fn passphrase<E>(
        key_file: Option<&[u8; 32]>,
        derive: impl FnOnce(&mut [u8; 32]) -> Result<(), E>,
    ) -> Result<SlotSecret, E> {
        let mut bytes = SecretBytes::<64>::zeros();
        let (first, second) = bytes.expose_mut().split_at_mut(32);
        derive(first.try_into().expect("split at 32"))?;
        if let Some(key_file) = key_file {
            second.copy_from_slice(key_file);
        }
        Ok(SlotSecret { bytes, len: if key_file.is_some() { 64 } else { 32 } })
    }

    /// The bytes that enter HKDF.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.bytes.expose()[..self.len]
    }

    /// `kw || seed = HKDF(s, salt, "strongroom/v1 slot" || vault_id || kind .. salt, 64)`; `sk` is the seed as an
    /// X25519 scalar
    pub(crate) fn slot_keys(&self, slot: SlotContext<'_>) -> SlotKeys {
        let mut out = SecretBytes::<64>::zeros();
        let info: [&[u8]; 3] = [b"strongroom/v1 slot", slot.vault_id, slot.through_salt];
        hkdf(&[self.expose()], slot.salt, &info, out.expose_mut());
        let (kw, seed) = out.expose().split_at(32);
        SlotKeys { kw: SecretBytes::copy_of(kw), seed: SecretBytes::copy_of(seed) }
    }
}

impl SlotKeys {
    #[cfg(test)]
    pub(crate) fn seed(&self) -> [u8; 32] {
        *self.seed.expose()
    }

    /// `pk = X25519(sk, 9)`: the keys that the payload keeps. Only for a slot that opened or is being made; it would
    /// double the cost of each one that is tried.
    pub(crate) fn into_entry(self) -> SlotEntryKeys {
        SlotEntryKeys { pk: public(&self.seed), kw: self.kw }
    }

    /// `z = X25519(sk, epk)`, then the commitment, then the wrapped key.
    ///
    /// # Errors
    /// [`UnwrapError`] says at which of the three it ended.
    pub(crate) fn unwrap(
        &self,
        slot: SlotContext<'_>,
        data_key_id: &[u8; 16],
        wrapped: &Wrapped,
    ) -> Result<DataKey, UnwrapError> {
        let z = shared(&self.seed, &wrapped.epk).ok_or(UnwrapError::ZeroSharedSecret)?;
        let keys = wrap_keys(&self.kw, z.expose(), slot, &wrapped.epk, data_key_id);
        let (key, commitment) = halves(&keys);
        if !same(commitment, &wrapped.commitment) {
            return Err(UnwrapError::OtherSecret);
        }
        let (message, tag) = wrapped.wrapped.split_at(32);
        let mut data_key = SecretBytes::copy_of(message);
        aead::open(key, data_key.expose_mut(), tag.try_into().expect("48 - 32 = 16 bytes"))
            .map_err(|_| UnwrapError::Tag)?;
        Ok(DataKey(data_key))
    }
}

impl DataKey {
    /// `data key = HKDF(32 fresh random bytes || previous data key if any, empty, "strongroom/v1 data key" ||
    /// SHA-256(payload), 32)`
    ///
    /// # Errors
    /// [`Error::NoRandomness`]
    pub(crate) fn generate(previous: Option<&DataKey>, payload_hash: &[u8; 32]) -> Result<DataKey, Error> {
        let fresh = random_key::<32>()?;
        Ok(DataKey::from_random(fresh.expose(), previous, payload_hash))
    }

    pub(crate) fn from_random(random: &[u8], previous: Option<&DataKey>, payload_hash: &[u8; 32]) -> DataKey {
        let previous: &[u8] = previous.map_or(&[], |key| key.0.expose());
        let info: [&[u8]; 2] = [b"strongroom/v1 data key", payload_hash];
        DataKey(derive(|out| hkdf(&[random, previous], &[], &info, out)))
    }

    /// `lineage = HKDF(data key, empty, "strongroom/v1 lineage", 32)`
    pub(crate) fn lineage(&self) -> SecretBytes<32> {
        derive(|out| hkdf(&[self.0.expose()], &[], &[b"strongroom/v1 lineage"], out))
    }

    /// `data_key_id = SHA-256(lineage)[..16]`
    pub(crate) fn id(&self) -> [u8; 16] {
        lineage_id(self.lineage().expose())
    }

    /// `esk = HKDF(data key, salt, "strongroom/v1 ephemeral" || slot_id, 32); epk = X25519(esk, 9);
    /// z = X25519(esk, pk)`; then the commitment and the wrapped key. A pure function: every open repeats it.
    ///
    /// `None` when the shared secret is all zero, which an honest entry never gives.
    pub(crate) fn wrap(&self, slot: SlotContext<'_>, entry: &SlotEntryKeys) -> Option<Wrapped> {
        let seed: SecretBytes<32> = derive(|out| {
            hkdf(&[self.0.expose()], slot.salt, &[b"strongroom/v1 ephemeral", slot.slot_id], out);
        });
        let epk = *public(&seed).expose();
        let z = shared(&seed, entry.pk.expose())?;
        let keys = wrap_keys(&entry.kw, z.expose(), slot, &epk, &self.id());
        let (key, commitment) = halves(&keys);
        // In its own place, because a message that is not encrypted yet is the data key.
        let mut message = SecretBytes::<32>::copy_of(self.0.expose());
        let tag = aead::seal(key, message.expose_mut());
        let mut wrapped = [0; 48];
        wrapped[..32].copy_from_slice(message.expose());
        wrapped[32..].copy_from_slice(&tag);
        Some(Wrapped { epk, commitment: *commitment, wrapped })
    }

    /// `payload key || commitment = HKDF(data key, write_salt, "strongroom/v1 payload" || SHA-256(header), 64)`
    pub(crate) fn payload_keys(&self, write_salt: &[u8; 32], header_hash: &[u8; 32]) -> PayloadKeys {
        PayloadKeys(derive(|out| {
            hkdf(&[self.0.expose()], write_salt, &[b"strongroom/v1 payload", header_hash], out);
        }))
    }

    /// `write_salt = HMAC(HKDF(data key, empty, "strongroom/v1 write salt", 32), 32 fresh random bytes || revision ||
    /// SHA-256(padded payload))`
    ///
    /// # Errors
    /// [`Error::NoRandomness`]
    pub(crate) fn write_salt(&self, revision: u64, padded_hash: &[u8; 32]) -> Result<[u8; 32], Error> {
        let fresh: [u8; 32] = random::bytes()?;
        Ok(self.write_salt_from(&fresh, revision, padded_hash).1)
    }

    /// The HMAC's key and the salt.
    pub(crate) fn write_salt_from(
        &self,
        random: &[u8],
        revision: u64,
        padded_hash: &[u8; 32],
    ) -> (SecretBytes<32>, [u8; 32]) {
        let key: SecretBytes<32> = derive(|out| hkdf(&[self.0.expose()], &[], &[b"strongroom/v1 write salt"], out));
        let salt = hmac(key.expose(), &[random, &revision.to_le_bytes(), padded_hash]);
        (key, salt)
    }

    /// Whether both are the same key.
    pub(crate) fn is_same(&self, other: &DataKey) -> bool {
        same(self.0.expose(), other.0.expose())
    }

    /// What wrapping for this entry comes to, value by value, for vectors.
    #[cfg(test)]
    pub(crate) fn wrapping(&self, slot: SlotContext<'_>, entry: &SlotEntryKeys) -> Vec<(&'static str, Vec<u8>)> {
        let esk: SecretBytes<32> = derive(|out| {
            hkdf(&[self.0.expose()], slot.salt, &[b"strongroom/v1 ephemeral", slot.slot_id], out);
        });
        let z = shared(&esk, entry.pk.expose()).expect("the shared secret of a vector that opens is not zero");
        let wrapped = self.wrap(slot, entry).expect("the shared secret of a vector that opens is not zero");
        let keys = wrap_keys(&entry.kw, z.expose(), slot, &wrapped.epk, &self.id());
        vec![
            ("esk", esk.expose().to_vec()),
            ("epk", wrapped.epk.to_vec()),
            ("z", z.expose().to_vec()),
            ("wrap-key", halves(&keys).0.to_vec()),
            ("commitment", wrapped.commitment.to_vec()),
            ("wrapped", wrapped.wrapped.to_vec()),
        ]
    }

    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> DataKey {
        DataKey(SecretBytes::copy_of(&bytes))
    }

    #[cfg(test)]
    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// The key of one payload and the commitment to it.
pub(crate) struct PayloadKeys(SecretBytes<64>);

impl PayloadKeys {
    pub(crate) fn key(&self) -> &[u8; 32] {
        halves(&self.0).0
    }

    pub(crate) fn commitment(&self) -> &Commitment {
        halves(&self.0).1
    }
}

/// `data_key_id = SHA-256(lineage)[..16]`
pub(crate) fn lineage_id(lineage: &[u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&sha256(lineage)[..16]);
    id
}

/// SHA-256 (FIPS 180-4).
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    primitive(|| Sha256::digest(bytes).into())
}

/// SHA-256 over several parts.
pub(crate) fn sha256_of(parts: &[&[u8]]) -> [u8; 32] {
    primitive(|| {
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    })
}

/// `wrap key || commitment = HKDF(kw || z, salt, "strongroom/v1 wrap" || vault_id || kind .. epk || data_key_id, 64)`
fn wrap_keys(
    kw: &SecretBytes<32>,
    z: &[u8; 32],
    slot: SlotContext<'_>,
    epk: &[u8; 32],
    data_key_id: &[u8; 16],
) -> SecretBytes<64> {
    let info: [&[u8]; 5] = [b"strongroom/v1 wrap", slot.vault_id, slot.through_salt, epk, data_key_id];
    derive(|out| hkdf(&[kw.expose(), z], slot.salt, &info, out))
}

fn derive<const N: usize>(fill: impl FnOnce(&mut [u8; N])) -> SecretBytes<N> {
    let mut out = SecretBytes::zeros();
    fill(out.expose_mut());
    out
}

fn halves(keys: &SecretBytes<64>) -> (&[u8; 32], &[u8; 32]) {
    let (first, second) = keys.expose().split_at(32);
    (first.try_into().expect("64 / 2 = 32 bytes"), second.try_into().expect("64 / 2 = 32 bytes"))
}

/// `X25519(seed, 9)`
fn public(seed: &SecretBytes<32>) -> SecretBytes<32> {
    derive(|out| primitive(|| *out = PublicKey::from(&StaticSecret::from(*seed.expose())).to_bytes()))
}

/// `X25519(seed, point)` (RFC 7748). `None` when it is all zero (SPEC.md, R11): then it depends on no seed.
fn shared(seed: &SecretBytes<32>, point: &[u8; 32]) -> Option<SecretBytes<32>> {
    let mut z = SecretBytes::zeros();
    let contributory = primitive(|| {
        let shared = StaticSecret::from(*seed.expose()).diffie_hellman(&PublicKey::from(*point));
        z.expose_mut().copy_from_slice(shared.as_bytes());
        shared.was_contributory()
    });
    contributory.then_some(z)
}

/// HMAC-SHA-256 (RFC 2104) over concatenated parts.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    primitive(|| {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    })
}

/// HKDF-SHA-256 (RFC 5869) over concatenated parts.
fn hkdf(ikm: &[&[u8]], salt: &[u8], info: &[&[u8]], out: &mut [u8]) {
    primitive(|| {
        let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
        ikm.iter().for_each(|part| extract.input_ikm(part));
        let (_, expand): (_, Hkdf<Sha256>) = extract.finalize();
        expand.expand_multi_info(info, out).expect("at most 64 bytes are asked for, and HKDF gives 8160");
    });
}

/// A key of fresh random bytes.
///
/// # Errors
/// [`Error::NoRandomness`]
pub(crate) fn random_key<const N: usize>() -> Result<SecretBytes<N>, Error> {
    SecretBytes::filled(|out| random::fill(out))
}
