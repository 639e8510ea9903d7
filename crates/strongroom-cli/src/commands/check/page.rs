//! The report for people: a line for each finding, what is wrong below it, and what to do below that.

use std::fmt::Write as _;

use strongroom::Policy;
use strongroom::check::{Finding, Report, Severity};

use crate::output::{WIDTH, printable, wrapped};
use crate::select::Selected;

/// In which column records begin, behind the longest severity.
const RECORD: usize = 10;
/// A longer name of a record does not move the codes of all others.
const LONGEST_RECORD: usize = 36;

/// What was found, and then what the policy allows.
pub fn of(report: &Report, colour: bool) -> String {
    let all = report.findings.iter().chain(report.silenced.iter().map(|silenced| &silenced.finding));
    let lengths = all.map(|finding| subject(finding).chars().count());
    let width = lengths.filter(|length| *length <= LONGEST_RECORD).max().unwrap_or_default();
    let mut text = String::new();
    for finding in &report.findings {
        let (name, escape) = match finding.severity {
            Severity::Error => ("error", "\x1b[1;31m"),
            Severity::Warning => ("warning", "\x1b[1;33m"),
            Severity::Info => ("info", "\x1b[1;36m"),
        };
        heading(&mut text, name, escape, finding, width, colour);
        let _ = writeln!(text, "{:RECORD$}{}", "", wrapped(&printable(&finding.message), RECORD));
        advice(&mut text, finding);
    }
    for silenced in &report.silenced {
        heading(&mut text, "silenced", "\x1b[2m", &silenced.finding, width, colour);
        let reason = format!("because: {}", printable(&silenced.reason));
        let _ = writeln!(text, "{:RECORD$}{}", "", wrapped(&reason, RECORD));
    }
    text
}

/// What is said about it: how much there is in how many records, and what the policy silenced.
pub fn summary(report: &Report, selected: &Selected<'_>, policy: &Policy) -> Vec<String> {
    let mut places = counted(selected.records.len(), "record");
    if !selected.values.is_empty() {
        places = format!("{places} and {}", counted(selected.values.len(), "value"));
    }
    let notes = report.count(Severity::Info);
    let counts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "note")];
    let counts: Vec<String> = counts
        .into_iter()
        .map(|(severity, word)| (report.count(severity), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| counted(count, word))
        .collect();
    let mut lines = vec![match (report.is_ok(), notes) {
        (true, 0) => format!("nothing to complain about: {places}"),
        (true, _) => format!("nothing to complain about: {places}, {}", counted(notes, "note")),
        (false, _) => format!("{} in {places}", counts.join(", ")),
    }];
    if !report.silenced.is_empty() {
        let verb = if report.silenced.len() == 1 { "is" } else { "are" };
        let name = policy.path().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
        let name = name.unwrap_or("the policy".into());
        lines.push(format!("{} {verb} silenced by {}", counted(report.silenced.len(), "finding"), printable(&name)));
    }
    lines
}

/// `error     okx/main  missing-field`
fn heading(text: &mut String, name: &str, escape: &str, finding: &Finding, width: usize, colour: bool) {
    let gap = " ".repeat(RECORD - name.len());
    let shown = if colour { format!("{escape}{name}\x1b[0m") } else { name.to_owned() };
    let _ = writeln!(text, "{shown}{gap}{:width$}  {}", subject(finding), finding.code);
}

fn subject(finding: &Finding) -> String {
    printable(&finding.subject.to_string())
}

/// What to do, and the command behind it, or below where it would have to be broken: nobody can paste half of one.
fn advice(text: &mut String, finding: &Finding) {
    let advice = printable(&finding.advice);
    let Some(command) = finding.command.as_deref().map(printable) else {
        let _ = writeln!(text, "{:RECORD$}{}", "", wrapped(&advice, RECORD));
        return;
    };
    let line = format!("{advice}: {command}");
    if RECORD + line.chars().count() <= WIDTH {
        let _ = writeln!(text, "{:RECORD$}{line}", "");
    } else {
        let _ = writeln!(text, "{:RECORD$}{}:", "", wrapped(&advice, RECORD));
        let _ = writeln!(text, "{:RECORD$}  {command}", "");
    }
}

/// `1 record`, `7 records`
fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::{Contents, Record, Secret};

    fn contents() -> Contents {
        let mut contents = Contents::default();
        for name in ["okx/main", "bybit/a-subaccount-with-a-rather-long-name-indeed"] {
            let mut record = Record::new(&name.parse().unwrap(), 0).unwrap();
            record.fields.set("api_key", Secret::copy_of("EXAMPLE\n"));
            contents.insert(record).unwrap();
        }
        contents
    }

    fn report(policy: &str) -> Report {
        contents().check(&Policy::from_toml(policy).unwrap(), 1_767_225_600)
    }

    #[test]
    fn it_fits_80_columns_but_for_long_names_and_commands() {
        let text = of(&report(""), false);
        let mut lines = 0;
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH || line.contains("rather-long-name"), "{line}");
            lines += 1;
        }
        assert!(lines > 20, "{text}");
        assert!(text.starts_with("error     "), "{text}");
        assert!(!text.contains('\x1b'));
        assert!(of(&report(""), true).starts_with("\x1b[1;31merror\x1b[0m     "));
    }

    #[test]
    fn what_is_silenced_is_listed_with_its_reason() {
        let policy = "[[allow]]\nrecord = \"okx\"\ncode = \"blank\"\nreason = \"it is so\"\n";
        let text = of(&report(policy), false);
        assert!(text.ends_with("silenced  okx/main  blank\n          because: it is so\n"), "{text}");
    }

    #[test]
    fn the_summary_counts() {
        let selected = Selected::default();
        let policy = Policy::default();
        assert_eq!(summary(&Report::default(), &selected, &policy), ["nothing to complain about: 0 records"]);
        let contents = contents();
        let selected = crate::select::select(&contents, &[]).unwrap();
        let lines = summary(&report(""), &selected, &policy);
        assert!(lines[0].contains(" errors, ") && lines[0].ends_with(" in 2 records"), "{lines:?}");
        assert_eq!((counted(1, "note"), counted(2, "note")), ("1 note".into(), "2 notes".into()));
    }
}
