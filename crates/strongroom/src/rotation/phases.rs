//! The two phases: new values come and the old ones stay for an overlap, and then either the old or the new ones go.
//!
//! There is one rotation at a time, so that there is never more than one set of old values. All of it or nothing
//! is done to a record: what is refused has changed nothing.

use crate::Error;
use crate::formats::guess_kind;
use crate::record::{Contents, Fields, Previous, Record, Reference, Timestamp, field};

/// With another value of one of these, it is another key.
const IDENTIFYING: [&str; 3] = [field::API_KEY, field::PRIVATE_KEY, field::TOKEN];

impl Contents {
    /// Makes `new` the values of the record and keeps those that they replace, until `retire` or until the exchange
    /// stops accepting them, whichever comes first. What is not in `new` stays as it is.
    ///
    /// When the old values came, when they expire and when they were last seen working says nothing of the new ones: it
    /// is kept beside the old values, and nothing is known of the new ones but that they come now.
    ///
    /// # Errors
    /// [`Error::NoSuchRecord`]; [`Error::RotationUnfinished`]; [`Error::NoSuchField`] for a field that is not there to
    /// be replaced; [`Error::NothingRotated`] when no secret would be another one.
    pub fn begin_rotation(
        &mut self,
        reference: &Reference,
        new: &Fields,
        now: Timestamp,
        retire: Timestamp,
    ) -> Result<(), Error> {
        let record = self.without_rotation(reference)?;
        if let Some(name) = new.names().find(|name| record.fields.get(name).is_none()) {
            return Err(Error::NoSuchField { reference: reference.to_string(), field: name.to_owned() });
        }
        let replaced = |(name, value): &(&str, &crate::Secret)| record.fields.get(name) != Some(*value);
        if !new.iter().filter(replaced).any(|(name, _)| field::is_secret(name)) {
            return Err(Error::NothingRotated { reference: reference.to_string() });
        }
        let kind = record.kind;
        let old: Fields = record.with_kind_of_values(|fields| {
            let take = |(name, value): (&str, &crate::Secret)| {
                let old = fields.set(name, value.duplicate())?;
                (old != *value).then(|| (name.to_owned(), old))
            };
            new.iter().filter_map(take).collect()
        });
        let retire = record.expires.map_or(retire, |expires| expires.min(retire));
        record.previous = Some(Box::new(Previous {
            replaced: now,
            retire: Some(retire),
            fields: old,
            rotated: record.rotated.replace(now),
            expires: record.expires.take(),
            verified: record.verified.take(),
            kind,
            // The new key is taken to have these too, until somebody says otherwise.
            permissions: record.permissions.clone(),
            ip_allowlist: record.ip_allowlist.clone(),
        }));
        Ok(())
    }

    /// Forgets the old values of a rotation, with what was said of them, and returns them, so that a caller can tell
    /// what they were called.
    ///
    /// # Errors
    /// [`Error::NoSuchRecord`]; [`Error::NoRotation`]
    pub fn finish_rotation(&mut self, reference: &Reference) -> Result<Previous, Error> {
        let (record, previous) = self.rotating(reference)?;
        // Kept for fields that could have come back.
        for name in previous.fields.names().filter(|name| record.fields.get(name).is_none()) {
            record.variables.remove(name);
        }
        Ok(previous)
    }

    /// Makes the old values of a rotation the values again, with all that was known of the old key: its kind, what it
    /// may do and from where, when it came, when it expires and when it was last seen working. The new ones are gone,
    /// with whatever was said of them meanwhile. What is not of the key, as names of variables, tags and the note, stays
    /// as it is, and so do fields that were added.
    ///
    /// # Errors
    /// [`Error::NoSuchRecord`]; [`Error::NoRotation`]
    pub fn roll_back_rotation(&mut self, reference: &Reference) -> Result<(), Error> {
        let (record, previous) = self.rotating(reference)?;
        for (name, value) in previous.fields.iter() {
            record.fields.set(name, value.duplicate());
        }
        record.kind = previous.kind;
        record.permissions = previous.permissions;
        record.ip_allowlist = previous.ip_allowlist;
        record.rotated = previous.rotated;
        record.expires = previous.expires;
        record.verified = previous.verified;
        Ok(())
    }

    /// Remembers that the values came at this moment: they were replaced elsewhere, or are older than the record.
    ///
    /// # Errors
    /// [`Error::NoSuchRecord`]; [`Error::RotationUnfinished`], which knows better when the values came.
    pub fn record_rotation(&mut self, reference: &Reference, at: Timestamp) -> Result<(), Error> {
        self.without_rotation(reference)?.rotated = Some(at);
        Ok(())
    }

    /// The record, and the old values, taken out of it.
    fn rotating(&mut self, reference: &Reference) -> Result<(&mut Record, Previous), Error> {
        let record = self.present(reference)?;
        match record.previous.take() {
            Some(previous) => Ok((record, *previous)),
            None => Err(Error::NoRotation { reference: reference.to_string() }),
        }
    }

    fn present(&mut self, reference: &Reference) -> Result<&mut Record, Error> {
        self.record_mut(reference).ok_or_else(|| Error::NoSuchRecord { reference: reference.to_string() })
    }

    fn without_rotation(&mut self, reference: &Reference) -> Result<&mut Record, Error> {
        let record = self.present(reference)?;
        match record.previous {
            None => Ok(record),
            Some(_) => Err(Error::RotationUnfinished { reference: reference.to_string() }),
        }
    }
}

impl Record {
    /// The old values of a rotation that is not finished, where they are those of another key than the one that is in
    /// use. Not where only what goes with the key was replaced, as a passphrase: then the key must not be deleted.
    pub fn old_key(&self) -> Option<&Previous> {
        let old = self.previous.as_deref()?;
        let has = |name: &&str| self.fields.get(name).or_else(|| old.fields.get(name)).is_some();
        let is_another = |name: &str| old.fields.get(name).is_some_and(|value| self.fields.get(name) != Some(value));
        let identifying: Vec<&str> = IDENTIFYING.into_iter().filter(has).collect();
        // Of what has nothing that says which key it is, any other secret is another key.
        let is_old =
            identifying.is_empty() && old.fields.names().any(|name| field::is_secret(name) && is_another(name));
        (is_old || identifying.into_iter().any(is_another)).then_some(old)
    }

    /// While a rotation is not finished, keeps with the old values what else was changed or removed since the record was
    /// like `before`, so that all of the old key comes back with them: a field of which the rotation said nothing, and
    /// the name of the variable of a field that is gone. Without a rotation it does nothing.
    pub fn keep_for_rollback(&mut self, before: &Record) {
        let Some(previous) = &mut self.previous else { return };
        for (name, value) in before.fields.iter() {
            if previous.fields.get(name).is_none() && self.fields.get(name) != Some(value) {
                previous.fields.set(name, value.duplicate());
            }
        }
        for name in previous.fields.names().filter(|name| self.fields.get(name).is_none()) {
            // A name that another field was given is that one's.
            if let Some(variable) = before.variables.get(name)
                && !self.variables.values().any(|taken| taken == variable)
            {
                self.variables.insert(name.to_owned(), variable.clone());
            }
        }
    }

    /// Changes the values. A kind that a person chose stays; one that follows from the values follows them.
    fn with_kind_of_values<T>(&mut self, change: impl FnOnce(&mut Fields) -> T) -> T {
        let followed = self.kind == guess_kind(&self.exchange, &self.fields);
        let outcome = change(&mut self.fields);
        if followed {
            self.kind = guess_kind(&self.exchange, &self.fields);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::DAY;
    use crate::{CredentialKind, Secret};

    const NOW: Timestamp = 1_767_225_600;
    const RETIRE: Timestamp = NOW + 7 * DAY;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), Secret::copy_of(text))).collect()
    }

    fn okx() -> Reference {
        Reference::new("okx", "main")
    }

    fn contents() -> Contents {
        let mut record = Record::new(&okx(), 1_000).unwrap();
        record.fields = fields(&[
            ("api_key", "EXAMPLE-OLD"),
            ("api_secret", "EXAMPLE-OLD-S"),
            ("api_passphrase", "EXAMPLE-P"),
            ("uid", "1"),
        ]);
        record.expires = Some(NOW + 90 * DAY);
        record.verified = Some(2_000);
        record.rotated = Some(3_000);
        record.permissions.insert("withdraw".to_owned());
        record.ip_allowlist.insert("203.0.113.7".to_owned());
        record.rotate_after_days = Some(20);
        record.tags.insert("desk".to_owned());
        record.note = "a note".to_owned().into();
        record.variables = [("api_key", "OKX_KEY"), ("api_secret", "OKX_SECRET_KEY"), ("uid", "OKX_USER")]
            .map(|(field, name)| (field.to_owned(), name.to_owned()))
            .into();
        record.extensions = vec![(7, vec![1, 2].into())];
        let mut contents = Contents::default();
        contents.insert(record).unwrap();
        contents
    }

    fn begun() -> Contents {
        let mut contents = contents();
        let new =
            fields(&[("api_key", "EXAMPLE-NEW"), ("api_secret", "EXAMPLE-NEW-S"), ("api_passphrase", "EXAMPLE-P")]);
        contents.begin_rotation(&okx(), &new, NOW, RETIRE).unwrap();
        contents
    }

    fn value<'a>(contents: &'a Contents, name: &str) -> &'a str {
        contents.record(&okx()).unwrap().field(name).unwrap().expose_secret()
    }

    #[test]
    fn new_values_are_active_and_what_they_replaced_is_kept() {
        let contents = begun();
        assert_eq!((value(&contents, "api_key"), value(&contents, "uid")), ("EXAMPLE-NEW", "1"));
        let record = contents.record(&okx()).unwrap();
        let previous = record.previous.as_ref().unwrap();
        assert_eq!(previous.fields.names().collect::<Vec<_>>(), ["api_key", "api_secret"], "what stayed is not old");
        assert_eq!((previous.replaced, previous.retire, record.rotated), (NOW, Some(RETIRE), Some(NOW)));
    }

    #[test]
    fn what_was_known_of_the_old_key_does_not_stay_for_the_new_one() {
        let contents = begun();
        let record = contents.record(&okx()).unwrap();
        assert_eq!((record.expires, record.verified), (None, None));
        let previous = record.previous.as_ref().unwrap();
        let said = (previous.rotated, previous.expires, previous.verified);
        assert_eq!(said, (Some(3_000), Some(NOW + 90 * DAY), Some(2_000)), "it stays with the old one");
    }

    #[test]
    fn old_values_are_not_kept_longer_than_the_exchange_accepts_them() {
        let mut contents = contents();
        contents.record_mut(&okx()).unwrap().expires = Some(NOW + DAY);
        contents.begin_rotation(&okx(), &fields(&[("api_key", "EXAMPLE-NEW")]), NOW, RETIRE).unwrap();
        assert_eq!(contents.record(&okx()).unwrap().previous.as_ref().unwrap().retire, Some(NOW + DAY));
    }

    #[test]
    fn there_is_one_rotation_at_a_time() {
        let mut contents = begun();
        let again = contents.begin_rotation(&okx(), &fields(&[("api_key", "EXAMPLE-NEWER")]), NOW, RETIRE);
        assert!(matches!(again, Err(Error::RotationUnfinished { .. })));
        assert!(matches!(contents.record_rotation(&okx(), NOW), Err(Error::RotationUnfinished { .. })));
        assert!(contents == begun_like(&contents), "nothing changed");
    }

    /// What [`begun`] gives, under the random id of these contents.
    fn begun_like(contents: &Contents) -> Contents {
        let mut other = begun();
        other.record_mut(&okx()).unwrap().id = contents.record(&okx()).unwrap().id;
        other
    }

    #[test]
    fn finishing_forgets_the_old_values() {
        let mut contents = begun();
        let previous = contents.finish_rotation(&okx()).unwrap();
        assert_eq!(previous.fields.get("api_key").unwrap().expose_secret(), "EXAMPLE-OLD");
        let record = contents.record(&okx()).unwrap();
        assert_eq!((value(&contents, "api_key"), record.previous.is_none()), ("EXAMPLE-NEW", true));
        assert_eq!((record.rotated, record.expires, record.verified), (Some(NOW), None, None), "of the new ones");
        assert!(matches!(contents.finish_rotation(&okx()), Err(Error::NoRotation { .. })));
    }

    #[test]
    fn rolled_back_it_is_as_it_was() {
        let never_rotated =
            |record: &mut Record| (record.rotated, record.expires, record.verified) = (None, None, None);
        for said in [|_: &mut Record| (), never_rotated] {
            let mut contents = contents();
            said(contents.record_mut(&okx()).unwrap());
            let before = contents.record(&okx()).unwrap().duplicate();
            contents.begin_rotation(&okx(), &fields(&[("api_key", "EXAMPLE-NEW")]), NOW, RETIRE).unwrap();
            assert!(contents.record(&okx()).unwrap() != &before);
            contents.roll_back_rotation(&okx()).unwrap();
            assert!(contents.record(&okx()).unwrap() == &before);
            assert!(matches!(contents.roll_back_rotation(&okx()), Err(Error::NoRotation { .. })));
        }
    }

    /// What `set` does: it changes a record, and what it took away is kept.
    fn meanwhile(contents: &mut Contents, change: impl FnOnce(&mut Record)) {
        let record = contents.record_mut(&okx()).unwrap();
        let before = record.duplicate();
        change(record);
        record.keep_for_rollback(&before);
    }

    #[test]
    fn what_is_removed_or_replaced_during_the_overlap_comes_back_under_its_name() {
        let before = contents().record(&okx()).unwrap().duplicate();
        let mut contents = begun();
        meanwhile(&mut contents, |record| {
            for name in ["api_secret", "uid"] {
                record.fields.remove(name);
                record.variables.remove(name);
            }
        });
        meanwhile(&mut contents, |record| drop(record.fields.set("api_passphrase", Secret::copy_of("EXAMPLE-P2"))));
        meanwhile(&mut contents, |record| drop(record.fields.set("api_passphrase", Secret::copy_of("EXAMPLE-P3"))));
        contents.roll_back_rotation(&okx()).unwrap();
        let after = contents.record_mut(&okx()).unwrap();
        after.id = before.id;
        assert!(*after == before);
    }

    #[test]
    fn once_it_is_finished_nothing_names_a_field_that_is_gone() {
        let mut contents = begun();
        meanwhile(&mut contents, |record| {
            record.fields.remove("api_secret");
            record.variables.remove("api_secret");
        });
        assert!(contents.record(&okx()).unwrap().variables.contains_key("api_secret"));
        contents.finish_rotation(&okx()).unwrap();
        let names: Vec<&String> = contents.record(&okx()).unwrap().variables.keys().collect();
        assert_eq!(names, ["api_key", "uid"]);
    }

    #[test]
    fn a_variable_that_was_given_to_another_field_stays_there() {
        let mut contents = begun();
        meanwhile(&mut contents, |record| {
            record.fields.remove("api_secret");
            record.variables.remove("api_secret");
            record.variables.insert("uid".to_owned(), "OKX_SECRET_KEY".to_owned());
        });
        contents.roll_back_rotation(&okx()).unwrap();
        let record = contents.record(&okx()).unwrap();
        assert_eq!(record.variables.get("uid").unwrap(), "OKX_SECRET_KEY");
        assert!(!record.variables.contains_key("api_secret"), "two fields cannot have one");
    }

    #[test]
    fn without_a_rotation_nothing_that_is_replaced_is_kept() {
        let mut contents = contents();
        meanwhile(&mut contents, |record| {
            record.fields.remove("uid");
            record.variables.remove("uid");
        });
        let record = contents.record(&okx()).unwrap();
        assert!(record.previous.is_none() && !record.variables.contains_key("uid"));
    }

    #[test]
    fn rolling_back_keeps_nothing_of_what_was_said_of_the_new_values() {
        let mut contents = begun();
        let record = contents.record_mut(&okx()).unwrap();
        (record.expires, record.verified) = (Some(NOW + 365 * DAY), Some(NOW + DAY));
        record.permissions = ["read".to_owned()].into();
        record.ip_allowlist = ["198.51.100.4".to_owned()].into();
        record.kind = CredentialKind::Rsa;
        contents.roll_back_rotation(&okx()).unwrap();
        assert_eq!((value(&contents, "api_key"), value(&contents, "api_secret")), ("EXAMPLE-OLD", "EXAMPLE-OLD-S"));
        let record = contents.record(&okx()).unwrap();
        let said = (record.rotated, record.expires, record.verified);
        assert_eq!(said, (Some(3_000), Some(NOW + 90 * DAY), Some(2_000)));
        assert_eq!(record.permissions, ["withdraw".to_owned()].into(), "the old key may still do that");
        assert_eq!(record.ip_allowlist, ["203.0.113.7".to_owned()].into());
        assert!(record.kind == CredentialKind::Hmac);
    }

    #[test]
    fn the_same_values_and_names_that_are_no_secrets_are_no_rotation() {
        for same in [fields(&[("api_key", "EXAMPLE-OLD")]), fields(&[("uid", "2")]), fields(&[])] {
            let mut contents = contents();
            let outcome = contents.begin_rotation(&okx(), &same, NOW, RETIRE);
            assert!(matches!(outcome, Err(Error::NothingRotated { .. })));
            assert_eq!(value(&contents, "uid"), "1", "what is refused has changed nothing");
        }
    }

    #[test]
    fn what_is_not_there_cannot_be_replaced() {
        let mut contents = contents();
        let new = fields(&[("api_key", "EXAMPLE-NEW"), ("token", "EXAMPLE")]);
        assert!(matches!(contents.begin_rotation(&okx(), &new, NOW, RETIRE), Err(Error::NoSuchField { .. })));
        assert_eq!(value(&contents, "api_key"), "EXAMPLE-OLD");
        let other = Reference::new("okx", "other");
        assert!(matches!(contents.begin_rotation(&other, &new, NOW, RETIRE), Err(Error::NoSuchRecord { .. })));
    }

    #[test]
    fn the_kind_follows_the_values_both_ways_unless_somebody_chose_it() {
        let pem = "-----BEGIN PRIVATE KEY-----\nEXAMPLE\n-----END PRIVATE KEY-----\n";
        for (chosen, during, after) in [
            (CredentialKind::Hmac, CredentialKind::Ed25519, CredentialKind::Hmac),
            (CredentialKind::OAuth, CredentialKind::OAuth, CredentialKind::OAuth),
        ] {
            let mut contents = contents();
            contents.record_mut(&okx()).unwrap().kind = chosen;
            contents.begin_rotation(&okx(), &fields(&[("api_secret", pem)]), NOW, RETIRE).unwrap();
            assert_eq!(contents.record(&okx()).unwrap().kind, during);
            contents.roll_back_rotation(&okx()).unwrap();
            assert_eq!(contents.record(&okx()).unwrap().kind, after);
        }
    }

    #[test]
    fn a_rotation_that_was_done_elsewhere_is_remembered() {
        let mut contents = contents();
        contents.record_rotation(&okx(), 500).unwrap();
        assert_eq!(contents.record(&okx()).unwrap().rotated, Some(500), "values can be older than the record");
        assert_eq!(value(&contents, "api_key"), "EXAMPLE-OLD");
    }
}
