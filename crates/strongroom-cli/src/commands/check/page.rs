//! The report for people: a line for each finding, what is wrong below it, and what to do below that. What is the same in
//! many records is told once, with all their names.

use std::fmt::Write as _;

use strongroom::check::{Command, Finding, Report, Severity, Silenced, Subject};
use strongroom::{Contents, Policy, Reference};

use super::alike::{Kind, Told, grouped};
use crate::output::{WIDTH, continued, counted, printable, shell_word, wrapped};
use crate::select::{Naming, Selected};

/// In which column records begin, behind the longest severity.
const RECORD: usize = 10;
/// A longer name of a record does not move the codes of all others.
const LONGEST_RECORD: usize = 36;

/// What was found, and then what the policy allows. `contents` is what was looked at: where all records of an exchange
/// have the same, they are named by it.
pub fn of(report: &Report, contents: &Contents, colour: bool) -> String {
    let mut found = grouped(&report.findings, |finding| finding, said);
    // All of a severity stay together.
    found.sort_by_key(|told| told.first().severity);
    let silenced = grouped(&report.silenced, |silenced| &silenced.finding, |it| (it.finding.code, &it.reason));
    let subjects = found.iter().map(subject).chain(silenced.iter().map(subject_of_silenced));
    let lengths = subjects.map(|subject| subject.chars().count());
    let width = lengths.filter(|length| *length <= LONGEST_RECORD).max().unwrap_or_default();
    let mut page = Page { text: String::new(), naming: Naming::of(contents), width, colour };
    found.iter().for_each(|told| page.found(told));
    silenced.iter().for_each(|told| page.silenced(told));
    page.text
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

/// All that a finding says but its subject. Two that are the same here are the same to whoever reads them.
fn said(finding: &Finding) -> impl Eq + std::hash::Hash {
    let command = finding.command.as_ref();
    let command = command.map(|command| command.around_reference().unwrap_or((command.as_str(), "")));
    (finding.severity, finding.code, &finding.message, &finding.advice, command)
}

/// `okx/main`, `17 records`
fn subject(told: &Told<'_, Finding>) -> String {
    match told {
        Told::One(finding) => printable(&finding.subject.to_string()),
        Told::Many(findings) => counted(findings.len(), Kind::of(&told.first().subject).word()),
    }
}

fn subject_of_silenced(told: &Told<'_, Silenced>) -> String {
    match told {
        Told::One(silenced) => printable(&silenced.finding.subject.to_string()),
        Told::Many(silenced) => counted(silenced.len(), Kind::of(&told.first().finding.subject).word()),
    }
}

/// The page as far as it is written.
struct Page<'a> {
    text: String,
    naming: Naming<'a>,
    /// Of the column in which subjects stand.
    width: usize,
    colour: bool,
}

impl Page<'_> {
    fn found(&mut self, told: &Told<'_, Finding>) {
        let finding = told.first();
        let (name, escape) = match finding.severity {
            Severity::Error => ("error", "\x1b[1;31m"),
            Severity::Warning => ("warning", "\x1b[1;33m"),
            Severity::Info => ("info", "\x1b[1;36m"),
        };
        self.heading(name, escape, &subject(told), finding.code);
        self.paragraph(&finding.message);
        match told {
            Told::One(finding) => self.advice(&finding.advice, finding.command.as_ref().map(Command::as_str)),
            Told::Many(findings) => self.advice_to_many(finding, &self.names(findings.iter().copied())),
        }
    }

    fn silenced(&mut self, told: &Told<'_, Silenced>) {
        let first = told.first();
        self.heading("silenced", "\x1b[2m", &subject_of_silenced(told), first.finding.code);
        self.paragraph(&format!("because: {}", first.reason));
        if let Told::Many(silenced) = told {
            let names = self.names(silenced.iter().map(|silenced| &silenced.finding));
            self.paragraph(&names.join(" "));
        }
    }

    /// `error     okx/main  missing-field`
    fn heading(&mut self, name: &str, escape: &str, subject: &str, code: &str) {
        let gap = " ".repeat(RECORD - name.len());
        let shown = if self.colour { format!("{escape}{name}\x1b[0m") } else { name.to_owned() };
        let width = self.width;
        let _ = writeln!(self.text, "{shown}{gap}{subject:width$}  {code}");
    }

    fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.text, "{:RECORD$}{}", "", wrapped(&printable(text), RECORD));
    }

    /// What to do, and the command behind it, or below where it would have to be broken: nobody can paste half of one.
    fn advice(&mut self, advice: &str, command: Option<&str>) {
        let Some(command) = command.map(printable) else { return self.paragraph(advice) };
        let line = format!("{}: {command}", printable(advice));
        if RECORD + line.chars().count() <= WIDTH {
            let _ = writeln!(self.text, "{:RECORD$}{line}", "");
        } else {
            self.paragraph(&format!("{advice}:"));
            let _ = writeln!(self.text, "{:RECORD$}  {command}", "");
        }
    }

    /// The same, and the names of all: in the command where that takes several REFs, else below it.
    fn advice_to_many(&mut self, finding: &Finding, names: &[String]) {
        let command = finding.command.as_ref();
        match command.and_then(|command| command.around_reference().map(|around| (command.takes_several(), around))) {
            Some((true, (before, behind))) => {
                let names = names.iter().map(String::as_str);
                let words: Vec<&str> =
                    [before.trim_end()].into_iter().chain(names).chain([behind.trim_start()]).collect();
                let line = format!("{}: {}", finding.advice, words.join(" "));
                if RECORD + line.chars().count() <= WIDTH {
                    self.paragraph(&line);
                } else {
                    self.paragraph(&format!("{}:", finding.advice));
                    let _ = writeln!(self.text, "{:RECORD$}  {}", "", continued(&words, RECORD + 2));
                }
            }
            Some((false, (before, behind))) => {
                self.advice(&finding.advice, Some(&format!("{before}REF{behind}")));
                self.paragraph(&names.join(" "));
            }
            None => {
                self.advice(&finding.advice, command.map(Command::as_str));
                self.paragraph(&names.join(" "));
            }
        }
    }

    /// What they are about, each as a shell reads it back.
    fn names<'f>(&self, findings: impl Iterator<Item = &'f Finding>) -> Vec<String> {
        let (mut records, mut names): (Vec<&Reference>, Vec<String>) = (Vec::new(), Vec::new());
        for finding in findings {
            match &finding.subject {
                Subject::Record(reference) => records.push(reference),
                Subject::Value(_) | Subject::Policy { .. } => names.push(finding.subject.to_string()),
            }
        }
        // What was silenced is in the order of severities, of which its group has several.
        records.sort_by_cached_key(|reference| reference.sort_key());
        let all = self.naming.references(&records).into_iter().chain(names);
        all.map(|name| printable(&shell_word(&name))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::select;
    use std::collections::BTreeSet;
    use strongroom::{Record, Secret};

    const NOW: i64 = 1_767_225_600;

    fn contents() -> Contents {
        let mut contents = Contents::default();
        for name in ["okx/main", "bybit/a-subaccount-with-a-rather-long-name-indeed"] {
            let mut record = Record::new(&name.parse().unwrap(), 0).unwrap();
            record.fields.set("api_key", Secret::copy_of("EXAMPLE\n"));
            contents.insert(record).unwrap();
        }
        contents
    }

    /// Fifty subaccounts and a few that are not like them: records with errors, an unknown exchange, values.
    fn desk() -> Contents {
        let mut contents = Contents::default();
        let mut add = |name: &str, fields: &[&str], change: &dyn Fn(&mut Record)| {
            let mut record = Record::new(&name.parse().unwrap(), NOW).unwrap();
            for field in fields {
                record.fields.set(field, Secret::copy_of(&format!("EXAMPLE-{name}-{field}")));
            }
            change(&mut record);
            contents.insert(record).unwrap();
        };
        for exchange in ["binance", "okx", "bybit"] {
            for number in 0..17 {
                let name = format!("{exchange}/desk{number:02}");
                add(
                    &name,
                    &["api_key", "api_secret", "api_passphrase"][..if exchange == "okx" { 3 } else { 2 }],
                    &|_| (),
                );
            }
        }
        add("okx/trial@testnet", &["api_key", "api_secret"], &|_| ());
        for number in 0..4 {
            let old = |record: &mut Record| (record.created, record.expires) = (0, Some(NOW - 86_400));
            add(&format!("kraken/it's {number}").replace(' ', "%20"), &["api_key"], &old);
        }
        add("hyperliquid/main", &["private_key"], &|_| ());
        for name in ["A", "B", "C", "D"] {
            contents.set_value(name, Secret::copy_of(&format!("EXAMPLE {name}\n")), NOW);
        }
        contents
    }

    fn report(policy: &str) -> Report {
        contents().check(&Policy::from_toml(policy).unwrap(), NOW)
    }

    /// What stands between two headings: the heading's severity, subject and code, and all below it.
    fn blocks(text: &str) -> Vec<(String, String, String, String)> {
        let mut blocks: Vec<(String, String, String, String)> = Vec::new();
        for line in text.lines() {
            if line.starts_with(' ') {
                blocks.last_mut().unwrap().3.push_str(&format!("{line}\n"));
                continue;
            }
            let (severity, rest) = line.split_at(RECORD);
            let (subject, code) = rest.trim_end().rsplit_once(' ').unwrap();
            blocks.push((severity.trim().into(), subject.trim().into(), code.into(), String::new()));
        }
        blocks
    }

    /// The subjects that a block is about, by the words of it that name some.
    fn about(contents: &Contents, subject: &str, body: &str) -> BTreeSet<String> {
        let words = body.split_whitespace().filter(|word| word.contains('/'));
        // As a shell reads them.
        let words: Vec<String> =
            words.map(|word| word.replace("'\\''", "\0").replace('\'', "").replace('\0', "'")).collect();
        let names = |word: &String| {
            let selected = select(contents, std::slice::from_ref(word)).unwrap_or_default();
            let records = selected.records.iter().map(|record| record.reference().to_string());
            records.chain(selected.values.iter().map(|(name, _)| format!("env/{name}"))).collect::<Vec<_>>()
        };
        match subject.split_once(' ') {
            Some(_) => words.iter().flat_map(names).collect(),
            None => [subject.to_owned()].into(),
        }
    }

    #[test]
    fn it_fits_80_columns_but_for_long_names_and_commands() {
        let text = of(&report(""), &contents(), false);
        let mut lines = 0;
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH || line.contains("rather-long-name"), "{line}");
            lines += 1;
        }
        assert!(lines > 20, "{text}");
        assert!(text.starts_with("error     "), "{text}");
        assert!(!text.contains('\x1b'));
        assert!(of(&report(""), &contents(), true).starts_with("\x1b[1;31merror\x1b[0m     "));
    }

    #[test]
    fn every_record_of_every_finding_is_on_the_page() {
        let contents = desk();
        let policies = ["", "[[allow]]\nrecord = \"okx\"\ncode = \"shape\"\nreason = \"it is so\"\n"];
        for policy in policies {
            let report = contents.check(&Policy::from_toml(policy).unwrap(), NOW);
            let text = of(&report, &contents, false);
            let mut told = BTreeSet::new();
            let mut groups = 0;
            for (severity, subject, code, body) in blocks(&text) {
                let subjects = about(&contents, &subject, &body);
                if let Some((count, _)) = subject.split_once(' ') {
                    assert_eq!(count, subjects.len().to_string(), "{subject} {code}\n{body}");
                    groups += 1;
                }
                told.extend(subjects.into_iter().map(|subject| (severity.clone(), code.clone(), subject)));
            }
            let found = report.findings.iter().map(|finding| (finding.severity.name(), finding));
            let silenced = report.silenced.iter().map(|silenced| ("silenced", &silenced.finding));
            let expected: BTreeSet<(String, String, String)> = found
                .chain(silenced)
                .map(|(severity, finding)| (severity.into(), finding.code.into(), finding.subject.to_string()))
                .collect();
            assert_eq!(told, expected, "{text}");
            assert!(groups > 10 && expected.len() > 150, "{groups} {}", expected.len());
        }
    }

    #[test]
    fn fifty_subaccounts_fit_a_screen_or_two() {
        let contents = desk();
        let report = contents.check(&Policy::default(), NOW);
        let text = of(&report, &contents, false);
        let commands = |line: &str| line.contains("strongroom ");
        assert!(text.lines().all(|line| commands(line) || line.chars().count() <= WIDTH), "{text}");
        let lines = text.lines().count();
        assert!(lines * 6 < report.findings.len() * 3, "{lines} lines for {} findings", report.findings.len());
    }

    #[test]
    fn what_stands_alone_comes_first_of_its_severity() {
        let contents = desk();
        let text = of(&contents.check(&Policy::default(), NOW), &contents, false);
        let order = |severity: &str, many: bool| {
            let place = ["error", "warning", "info"].iter().position(|name| *name == severity).unwrap();
            (place, many)
        };
        let found: Vec<(usize, bool)> =
            blocks(&text).iter().map(|(severity, subject, ..)| order(severity, subject.contains(' '))).collect();
        assert!(found.is_sorted(), "{text}");
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 6, "{text}");
    }

    #[test]
    fn a_command_names_all_records_where_it_takes_several_and_else_says_ref() {
        let contents = desk();
        let text = of(&contents.check(&Policy::default(), NOW), &contents, false);
        let allowlist = "there, then:\n            strongroom set 'binance/*' 'kraken/*' 'okx/*@live' --ip ADDRESS\n";
        assert!(text.contains(allowlist), "{text}");
        let permission =
            "set 'binance/*' 'bybit/*' 'kraken/*' 'okx/*@live' \\\n              --permission read,trade\n";
        assert!(text.contains(&format!("          record it:\n            strongroom {permission}")), "{text}");
        assert!(text.contains("strongroom set REF api_secret\n          'binance/*'"), "{text}");
        assert!(text.contains("strongroom set REF\n          env/A env/B env/C env/D\n"), "{text}");
    }

    #[test]
    fn what_is_silenced_is_listed_with_its_reason() {
        let policy = "[[allow]]\nrecord = \"okx\"\ncode = \"blank\"\nreason = \"it is so\"\n";
        let text = of(&report(policy), &contents(), false);
        assert!(text.ends_with("silenced  okx/main  blank\n          because: it is so\n"), "{text}");
    }

    #[test]
    fn what_is_silenced_for_one_reason_is_listed_once() {
        let contents = desk();
        let policy = "[[allow]]\nrecord = \"*\"\ncode = \"shape\"\nreason = \"these are samples\"\n";
        let text = of(&contents.check(&Policy::from_toml(policy).unwrap(), NOW), &contents, false);
        assert_eq!(text.matches("silenced").count(), 1, "{text}");
        assert!(
            text.contains("          because: these are samples\n          'binance/*' 'bybit/*' hyperliquid/main "),
            "{text}"
        );
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
