//! Records as TOML and back, exact to the byte.
//!
//! Here: what such a text says, and which part of a vault it shows. How it is written is in [`writer`],
//! because that decides what an editor could spoil; how it is read in [`reader`].

mod reader;
mod writer;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use strongroom::record::{RecordId, Timestamp};
use strongroom::{CredentialKind, Record, Reference, Secret, Selection};

use crate::select::same_exchange;

pub use reader::read;
pub use writer::write;

/// What the text says.
pub struct Document {
    /// The vault's name; `None` when the text does not say.
    pub name: Option<String>,
    /// In the order of the text.
    pub records: Vec<Draft>,
    /// `env/NAME` values.
    pub values: Vec<(String, Secret)>,
}

/// One record as the text has it.
pub struct Draft {
    /// Where it starts, from 1.
    pub line: usize,
    /// Which record this is, in hexadecimal; none is a new one.
    pub id: Option<String>,
    /// Its name.
    pub reference: Reference,
    /// How it signs.
    pub kind: CredentialKind,
    /// Field and value.
    pub fields: Vec<(String, Secret)>,
    /// Where each of them stands, in the same order.
    pub field_lines: Vec<usize>,
    /// See [`Record::permissions`].
    pub permissions: BTreeSet<String>,
    /// Where they stand.
    pub permissions_line: usize,
    /// See [`Record::ip_allowlist`].
    pub ip_allowlist: BTreeSet<String>,
    /// See [`Record::expires`].
    pub expires: Option<Timestamp>,
    /// See [`Record::rotate_after_days`].
    pub rotate_after_days: Option<u32>,
    /// See [`Record::tags`].
    pub tags: BTreeSet<String>,
    /// See [`Record::note`].
    pub note: String,
    /// See [`Record::variables`]; each name with its line.
    pub variables: BTreeMap<String, (String, usize)>,
}

/// What is wrong with the text, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub problem: Cow<'static, str>,
}

/// Which part of a vault is edited.
pub struct Scope(pub Option<Selection>);

impl Scope {
    /// Whether this record belongs to it.
    pub fn has_record(&self, record: &Record) -> bool {
        match &self.0 {
            None => true,
            Some(Selection::Record(reference)) => record.reference().sort_key() == reference.sort_key(),
            Some(Selection::Exchange(exchange, environment)) => {
                same_exchange(exchange, &record.exchange)
                    && environment.is_none_or(|environment| environment == record.environment)
            }
            Some(Selection::Field(..) | Selection::Value(_)) => false,
        }
    }

    /// Whether this named value belongs to it.
    pub fn has_value(&self, name: &str) -> bool {
        match &self.0 {
            None => true,
            Some(Selection::Value(wanted)) => wanted == name,
            Some(_) => false,
        }
    }
}

/// The id as the text shows it.
pub fn id_text(id: &RecordId) -> String {
    id.0.iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Contents;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nEXAMPLE \n\n\tEXAMPLE\\\"\"\"\r\n-----END PRIVATE KEY-----\n";

    fn contents() -> Contents {
        let mut contents = Contents::default();
        contents.name = "desk \"1\"".into();
        let mut record = Record::new(&Reference::new("okx", "a@b"), 1_000).unwrap();
        for (name, value) in [
            ("api_key", "EXAMPLE-KEY"),
            ("private_key", PEM),
            ("odd.name", " EXAMPLE\u{7f}\u{a0}\u{feff}é☃ "),
            ("empty", ""),
            ("line", "\n"),
            ("crlf", "EXAMPLE\r\n"),
        ] {
            record.fields.set(name, Secret::copy_of(value));
        }
        record.expires = Some(86_400);
        record.rotate_after_days = Some(90);
        record.permissions.extend(["read".to_owned(), "trade".to_owned()]);
        record.note = String::from("two\nlines").into();
        record.variables.insert("odd.name".into(), "ODD NAME".into());
        record.variables.insert("api_key".into(), "OKX_KEY".into());
        contents.insert(record).unwrap();
        contents.insert(Record::new(&Reference::new("Binance", "main"), 1_000).unwrap()).unwrap();
        contents.set_value("DATABASE URL", Secret::copy_of("postgres://EXAMPLE"), 1_000);
        contents
    }

    #[test]
    fn nesting_of_any_depth_is_no_toml_and_is_not_followed() {
        // Far less stack than a command has: what followed the nesting would not survive it.
        let deep = || {
            for depth in [200, 100_000] {
                for text in [
                    format!("a = {}1{}", "[".repeat(depth), "]".repeat(depth)),
                    format!("a = {}1{}", "{a=".repeat(depth), "}".repeat(depth)),
                    format!("a = {}", "[{a=".repeat(depth)),
                    format!("{} = 1", vec!["a"; depth].join(".")),
                    format!("[{}]", vec!["a"; depth].join(".")),
                    format!("[[record]]\nnote.{} = 1", vec!["a"; depth].join(".")),
                ] {
                    assert!(read(&text).is_err());
                }
            }
        };
        std::thread::Builder::new().stack_size(512 * 1024).spawn(deep).unwrap().join().unwrap();
    }

    #[test]
    fn every_value_survives_the_way_there_and_back() {
        let contents = contents();
        let text = write(&contents, &Scope(None), "# header\n");
        let document = read(&text).unwrap();
        assert_eq!(document.name.as_deref(), Some("desk \"1\""));
        assert_eq!(document.records.len(), 2);
        for (record, draft) in contents.records().iter().zip(&document.records) {
            assert_eq!(draft.id, Some(id_text(&record.id)));
            assert_eq!(draft.reference, record.reference());
            assert_eq!((draft.expires, draft.rotate_after_days), (record.expires, record.rotate_after_days));
            assert_eq!((draft.note.as_str(), &draft.permissions), (record.note.as_str(), &record.permissions));
            let fields: strongroom::record::Fields =
                draft.fields.iter().map(|(name, value)| (name.clone(), value.duplicate())).collect();
            assert!(fields == record.fields, "{text:?}", text = text.as_str());
            let names = draft.variables.iter().map(|(field, (name, _))| (field.clone(), name.clone()));
            assert_eq!(names.collect::<BTreeMap<_, _>>(), record.variables);
        }
        assert_eq!(document.values[0].0, "DATABASE URL");
        assert_eq!(document.values[0].1.expose_secret(), "postgres://EXAMPLE");
    }

    #[test]
    fn trimming_line_ends_changes_no_value() {
        let contents = contents();
        let text = write(&contents, &Scope(None), "");
        let trimmed: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        assert_eq!(*text, trimmed);
    }

    #[test]
    fn capacity_is_reserved_at_once() {
        let contents = contents();
        let header = "# header\n";
        let text = write(&contents, &Scope(None), header);
        assert!(text.len() < text.capacity());
    }

    #[test]
    fn a_scope_shows_its_part_only() {
        let text = write(&contents(), &Scope(Some("okx/a@b".parse().unwrap())), "");
        assert!(text.contains("okx") && !text.contains("Binance") && !text.contains("[env]") && !text.contains("desk"));
    }

    #[test]
    fn problems_name_the_line_and_not_the_text() {
        for (text, line) in [
            ("name = \"a\"\nEXAMPLE-SECRET", 2),
            ("[[record]]\nexchange = \"okx\"\napi_key = \"EXAMPLE-SECRET\"\n", 3),
            ("\n[[record]]\nsubaccount = \"EXAMPLE-SECRET\"\n", 2),
            ("[[record]]\nexchange = \"okx\"\n[record.fields]\napi_key = 1\n", 4),
            ("[[record]]\nexchange = \"okx\"\nexpires = \"EXAMPLE-SECRET\"\n", 3),
            ("[[record]]\nexchange = \"okx\"\nexchange = \"okx\"\n", 3),
            ("[env]\n\"EXAMPLE=SECRET\" = \"\"\n", 2),
            ("other = 1\n", 1),
            ("[[record]]\nexchange = \"okx\"\nvariables = { api_key = \"EXAMPLE=SECRET\" }\n", 3),
            ("[[record]]\nexchange = \"okx\"\nvariables = \"EXAMPLE-SECRET\"\n", 3),
            ("[[record]]\nexchange = \"okx\"\n[record.variables]\napi_key = \"A\"\nb = \"EXAMPLE/SECRET\"\n", 5),
        ] {
            let Err(problem) = read(text) else { panic!("accepted") };
            assert_eq!(problem.line, line, "{}", problem.problem);
            assert!(!problem.problem.contains("SECRET"));
        }
    }
}
