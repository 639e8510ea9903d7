//! What is told of an import beside what came in: what programs no longer find, and what was left as it was.

use std::collections::BTreeMap;
use std::path::Path;

use strongroom::Reference;
use strongroom::formats::{ImportReport, LeftFilled, Renamed};
use strongroom::wording::listed;

use super::Name;
use crate::commands::record_input::variables::command_to_name;
use crate::context::Context;
use crate::output::{self, counted};
use crate::unlock::source::shown;

/// Of how many records something is told, each with its command: of all of them, or of the first few.
pub(super) fn at_most(records: usize) -> usize {
    const FEW: usize = 4;
    // A line that says that there is one more takes as much room as that one.
    if records <= FEW + 1 { records } else { FEW }
}

/// What one text left, and the names that programs had. `path` is the text's.
pub fn outcome(context: &Context, path: &Path, report: &ImportReport) {
    for left in &report.left_filled {
        context.note(output::wrapped(&format!("{}: {}", shown(path), left_filled(left)), 0));
    }
    of_names(context, report, &[]);
}

/// The same of several texts together. A name that one of them has is told where it is: only the others' are here.
pub fn outcome_of_several(context: &Context, report: &ImportReport, names: &[Name]) {
    report.left_filled.iter().for_each(|left| context.note(output::wrapped(&left_filled(left), 0)));
    of_names(context, report, names);
}

fn left_filled(left: &LeftFilled) -> String {
    let what = match left.fields.as_slice() {
        [] => left.reference.clone(),
        fields => format!("the {} of {}", listed(fields), left.reference),
    };
    let is = if left.fields.len() > 1 { "are" } else { "is" };
    format!("{what} {is} empty there, and left as in the vault")
}

fn of_names(context: &Context, report: &ImportReport, told: &[Name]) {
    let is_told = |one: &Renamed| {
        let reference: Option<Reference> = one.reference.parse().ok();
        told.iter()
            .any(|(of, field, name)| Some(of) == reference.as_ref() && *field == one.field && *name == one.before)
    };
    let mut renamed: BTreeMap<&str, Vec<&Renamed>> = BTreeMap::new();
    for one in report.renamed.iter().filter(|one| !is_told(one)) {
        renamed.entry(&one.reference).or_default().push(one);
    }
    let told = at_most(renamed.len());
    if told < renamed.len() {
        let more = counted(renamed.len() - told, "more record");
        context.warn(format!("{more} with other names for programs than before: strongroom show REF"));
    }
    for (reference, fields) in renamed.into_iter().take(told) {
        let Some(Renamed { field, before, after, .. }) = fields.first() else { continue };
        let text = format!("programs get the {field} of {reference} as {after} and no longer as {before}");
        let names = fields.iter().map(|one| (one.field.as_str(), one.before.as_str()));
        context.warn(format!("{text}; to change that: {}", command_to_name(reference, names)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_is_told_in_one_line() {
        let of = |reference: &str, fields: &[&str]| LeftFilled {
            reference: reference.to_owned(),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        };
        let said = left_filled(&of("okx/main", &["api_key", "api_secret"]));
        assert_eq!(said, "the api_key and api_secret of okx/main are empty there, and left as in the vault");
        assert_eq!(
            left_filled(&of("okx/main", &["uid"])),
            "the uid of okx/main is empty there, and left as in the vault"
        );
        assert_eq!(left_filled(&of("env/PORT", &[])), "env/PORT is empty there, and left as in the vault");
    }
}
