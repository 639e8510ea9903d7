//! What an import did, by the names of what it was done to. No value is in it.

/// REFs by what happened to them, in the order of the text that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// New ones.
    pub added: Vec<String>,
    /// Those that were there with the same contents.
    pub unchanged: Vec<String>,
    /// Those that were there with other contents and have the new ones now, or have their fields under other names.
    pub replaced: Vec<String>,
    /// Those of them that had an expiry, of the old key, which says nothing of the new one.
    pub expiry_forgotten: Vec<String>,
    /// Named values that are fields of records now.
    pub removed: Vec<Removed>,
    /// Fields that programs get under another name now.
    pub renamed: Vec<Renamed>,
    /// Where the text has nothing and the vault has something, which stayed.
    pub left_filled: Vec<LeftFilled>,
}

/// A named value that was removed because it is a field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// `env/NAME`
    pub value: String,
    /// The REF of the record.
    pub reference: String,
    /// The field.
    pub field: String,
}

/// A field that programs get under another name than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// The REF of the record.
    pub reference: String,
    /// The field.
    pub field: String,
    /// The variable that programs no longer get.
    pub before: String,
    /// The one that they get instead.
    pub after: String,
}

/// What was not replaced by nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftFilled {
    /// A REF, of a record or of a named value.
    pub reference: String,
    /// The fields of the record; none where it is a named value.
    pub fields: Vec<String>,
}

impl ImportReport {
    /// Whether the contents are other ones now.
    pub fn is_change(&self) -> bool {
        !(self.added.is_empty() && self.replaced.is_empty() && self.removed.is_empty())
    }

    /// Adds what another text did after this one.
    pub fn append(&mut self, later: ImportReport) {
        // What came as a named value with an earlier text and is a field by a later one was never added.
        self.added.retain(|reference| !later.removed.iter().any(|removed| removed.value == *reference));
        self.added.extend(later.added);
        self.unchanged.extend(later.unchanged);
        self.replaced.extend(later.replaced);
        self.expiry_forgotten.extend(later.expiry_forgotten);
        self.removed.extend(later.removed);
        self.renamed.extend(later.renamed);
        self.left_filled.extend(later.left_filled);
    }
}
