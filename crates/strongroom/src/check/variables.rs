//! Two fields under one environment variable: `run` refuses to choose, so that a bot which is given both does not start.

use std::collections::BTreeMap;

use super::{Command, Finding, Severity, Subject, code};
use crate::formats::{own_name, variable_name};
use crate::record::{Contents, Record, Selection};

/// Looks at all fields and values of the vault, which is what `run` gives a bot when nothing is named.
pub(super) fn check(contents: &Contents, findings: &mut Vec<Finding>) {
    let mut there: BTreeMap<String, (&Record, &str)> = BTreeMap::new();
    for record in contents.records() {
        for field in record.fields.names() {
            let name = own_name(record, field);
            match there.get(&name) {
                Some((other, other_field)) => {
                    let place = format!("{}/{other_field}", other.reference());
                    findings.push(of_record(record, field, &name, &place, Subject::Record(other.reference())));
                }
                None => drop(there.insert(name, (record, field))),
            }
        }
    }
    for (name, _) in contents.values() {
        if let Some((record, field)) = there.get(name) {
            let place = Selection::Value(name.to_owned()).to_string();
            findings.push(of_record(record, field, name, &place, Subject::Value(name.to_owned())));
        }
    }
}

fn of_record(record: &Record, field: &str, name: &str, place: &str, other: Subject) -> Finding {
    let reference = record.reference();
    let usual = variable_name(&reference, field);
    let free = if usual == name { "NAME".to_owned() } else { usual };
    let command = Command::on("set", &reference, &["--variable", &format!("{field}={free}")]);
    Finding {
        severity: Severity::Warning,
        code: code::SAME_VARIABLE,
        subject: Subject::Record(reference),
        field: Some(field.to_owned()),
        other: Some(other),
        message: format!("{field} is the environment variable {name}, as is {place}: run refuses them together"),
        advice: "give it another".into(),
        command: Some(command),
    }
}
