//! By which environment variables a bot gets what it needs: two fields under one, between which `run` refuses to choose,
//! so that a bot which is given both does not start; and those that it gets from nobody.

use std::collections::HashSet;

use super::{Command, Finding, Severity, Subject, code};
use crate::formats::{Collision, Place, collisions, free_name, own_name};
use crate::record::{Contents, Record, name};

/// Looks at all fields and values of the vault, which is what `run` gives a bot when nothing is named.
pub(super) fn check(contents: &Contents, findings: &mut Vec<Finding>) {
    let records: Vec<&Record> = contents.records().iter().collect();
    let values: Vec<_> = contents.values().collect();
    findings.extend(collisions(&records, &values).iter().map(same));
    let fields = records.iter().flat_map(|record| record.fields.names().map(|field| (*record, field)));
    let named: Vec<_> = fields.map(|(record, field)| (record, field, own_name(record, field))).collect();
    let of_values = values.iter().map(|(name, _)| (*name).to_owned());
    let mut taken: HashSet<String> = named.iter().map(|(.., variable)| variable.clone()).chain(of_values).collect();
    for (record, field, variable) in &named {
        if !name::reaches_programs(variable) {
            let free = free_name(&record.reference(), field, |name| taken.contains(name));
            findings.push(unreachable(record, field, variable, &free));
            // Two that follow what is advised are not the same variable again.
            taken.insert(free);
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

fn unreachable(record: &Record, field: &str, variable: &str, free: &str) -> Finding {
    let reference = record.reference();
    let free = format!("{field}={free}");
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::record::Reference;
    use crate::secret::Secret;

    #[test]
    fn each_of_many_fields_that_reach_no_bot_is_given_a_name_of_its_own() {
        let mut contents = Contents::default();
        let numbered = (0..2_000).map(|number| format!("bot-{number}"));
        for subaccount in numbered.chain(["a-b".to_owned(), "a_b".to_owned()]) {
            let mut record = Record::new(&Reference::new("strongroom", &subaccount), 0).unwrap();
            record.fields.set("api_key", Secret::copy_of(&format!("EXAMPLE-{subaccount}")));
            contents.insert(record).unwrap();
        }
        let mut findings = Vec::new();
        check(&contents, &mut findings);
        let unreachable = findings.iter().filter(|finding| finding.code == code::UNREACHABLE_VARIABLE);
        let names: Vec<&str> = unreachable
            .map(|finding| finding.command.as_ref().unwrap().as_str().split("api_key=").nth(1).unwrap())
            .collect();
        assert_eq!(names.len(), 2_002);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 2_002);
        assert!(names.contains(&"A_B_API_KEY") && names.contains(&"A_B_API_KEY_2"));
    }
}
