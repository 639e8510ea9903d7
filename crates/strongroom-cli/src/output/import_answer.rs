//! What an import says in JSON, alone or within the answer of `adopt`.

use serde::Serialize;
use strongroom::formats::{ImportFormat, ImportReport};

/// What happened to which records, as `import --json` says it.
#[derive(Serialize)]
pub struct ImportAnswer<'a> {
    /// The format that was read, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    added: &'a [String],
    unchanged: &'a [String],
    replaced: &'a [String],
    /// Named values that are fields of records now.
    removed: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    expiry_forgotten: &'a [String],
}

impl ImportAnswer<'_> {
    /// The same, and which format it was.
    pub fn of_format(self, format: ImportFormat) -> Self {
        ImportAnswer { format: Some(format.name()), ..self }
    }
}

impl<'a> From<&'a ImportReport> for ImportAnswer<'a> {
    fn from(report: &'a ImportReport) -> ImportAnswer<'a> {
        let ImportReport { added, unchanged, replaced, expiry_forgotten, .. } = report;
        let removed = report.removed.iter().map(|removed| removed.value.as_str()).collect();
        ImportAnswer { format: None, added, unchanged, replaced, removed, expiry_forgotten }
    }
}
