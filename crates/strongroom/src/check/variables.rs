//! By which environment variables a bot gets what it needs: two fields under one, between which `run` refuses to choose,
//! so that a bot which is given both does not start; and those that it gets from nobody.

use super::{Command, Finding, Severity, Subject, code};
use crate::formats::{Collision, Place, collisions, free_name, own_name};
use crate::record::{Contents, Record, name};

/// Looks at all fields and values of the vault, which is what `run` gives a bot when nothing is named.
pub(super) fn check(contents: &Contents, findings: &mut Vec<Finding>) {
    let records: Vec<&Record> = contents.records().iter().collect();
    let values: Vec<_> = contents.values().collect();
    findings.extend(collisions(&records, &values).iter().map(same));
    for record in contents.records() {
        for field in record.fields.names() {
            let variable = own_name(record, field);
            if !name::reaches_programs(&variable) {
                findings.push(unreachable(contents, record, field, &variable));
            }
        }
    }
}

/// About the one that should get another name; beside a value, about the field, which is more than a name.
fn same(collision: &Collision) -> Finding {
    let [one, other] = &collision.places;
    let about = match [one, other] {
        [field, Place::Value(_)] | [Place::Value(_), field] => field,
        _ => collision.to_rename(),
    };
    let beside = if about == one { other } else { one };
    let name = match about {
        Place::Field { field, .. } => field.clone(),
        Place::Value(_) => "it".to_owned(),
    };
    let refused = match collision.is_in_one_record() {
        true => "run does not start a bot with that",
        false => "run refuses them together",
    };
    let values = if collision.is_same_value { "the same value" } else { "another value" };
    let (advice, command) = advice(collision, about, beside);
    Finding {
        severity: if collision.is_in_one_record() { Severity::Error } else { Severity::Warning },
        code: code::SAME_VARIABLE,
        subject: subject(about),
        field: matches!(about, Place::Field { .. }).then(|| name.clone()),
        other: Some(subject(beside)),
        message: format!(
            "{name} is the environment variable {}, as is {beside}, which has {values}: {refused}",
            collision.name
        ),
        advice,
        command: Some(command),
    }
}

fn subject(place: &Place) -> Subject {
    match place {
        Place::Field { record, .. } => Subject::Record(record.clone()),
        Place::Value(name) => Subject::Value(name.clone()),
    }
}

/// One command, and in words what else can be done: of a finding, only the end is pasted.
fn advice(collision: &Collision, about: &Place, beside: &Place) -> (String, Command) {
    let Place::Field { record, field, free_name, .. } = about else {
        return ("remove it".into(), Command::on("rm", about, &[]));
    };
    if let Place::Value(_) = beside {
        let advice = match collision.is_same_value {
            true => "remove the copy".into(),
            false => format!("if that is the right one, enter it in {record} first; then remove it"),
        };
        return (advice, Command::on("rm", beside, &[]));
    }
    let ways = collision.ways_out(|_| String::new());
    let purposes: Vec<&str> = ways.iter().map(|way| way.purpose.as_str()).collect();
    (purposes.join(", by its name, or "), Command::on("set", record, &["--variable", &format!("{field}={free_name}")]))
}

fn unreachable(contents: &Contents, record: &Record, field: &str, variable: &str) -> Finding {
    let reference = record.reference();
    let is_taken = |name: &str| {
        let is_of = |record: &Record| record.fields.names().any(|field| own_name(record, field) == name);
        contents.value(name).is_some() || contents.records().iter().any(is_of)
    };
    let free = format!("{field}={}", free_name(&reference, field, is_taken));
    Finding {
        severity: Severity::Warning,
        code: code::UNREACHABLE_VARIABLE,
        subject: Subject::Record(reference.clone()),
        field: Some(field.to_owned()),
        other: None,
        message: format!("{field} is the environment variable {variable}, and run gives no {}... to a bot", name::OURS),
        advice: "give it a name that reaches one".into(),
        command: Some(Command::on("set", &reference, &["--variable", &free])),
    }
}
