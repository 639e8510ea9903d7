//! `strongroom check`: what is wrong with the credentials, told before a bot finds out.
//!
//! The rules are the library's. Here: which policy counts, which records are asked for, and how it is told: for
//! programs in this file, for people in [`page`].

mod alike;
mod page;

use std::collections::HashSet;
use std::path::PathBuf;

use serde::Serialize;
use strongroom::check::{Command, Finding, Report, Severity, Silenced, Subject};
use strongroom::{Policy, Reference};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::select::{self, Selected};

// What `check` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these [default: all]
    #[arg(value_name = "REF")]
    references: Vec<String>,
    /// Exit with 1 for warnings too
    #[arg(long)]
    strict: bool,
    /// Show only what makes the exit code 1, and nothing when nothing does
    #[arg(short, long)]
    quiet: bool,
    /// The policy [default: strongroom.toml beside the vault's own file, when there is one]
    #[arg(long, value_name = "PATH")]
    policy: Option<PathBuf>,
}

/// Exit code 1 when a finding is an error, or with `--strict` a warning.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let path = context.find_vault_path()?;
    // A vault that is not there is told as everywhere, and a policy that is none before anybody is asked for a secret.
    context.read_locked(&path)?;
    let policy = match &args.policy {
        Some(policy) => Policy::read(policy)?,
        None => Policy::read_beside(&path)?,
    };
    let contents = context.open_at(&path)?.contents();
    let selected = select::select(&contents, &args.references)?;
    let mut report = contents.check(&policy, output::now());
    if !args.references.is_empty() {
        keep(&mut report, &selected);
    }
    let ok = if args.strict { report.is_ok() } else { !report.has_errors() };
    if context.json {
        output::json(&Document::of(&report, &selected, &policy, ok))?;
    } else if !(args.quiet && ok) {
        let summary = page::summary(&report, &selected, &policy);
        if args.quiet {
            let most = if args.strict { Severity::Warning } else { Severity::Error };
            report.findings.retain(|finding| finding.severity <= most);
            report.silenced.clear();
        }
        output::text(page::of(&report, &contents, output::colour_on_stdout()))?;
        summary.iter().for_each(|line| context.note(line));
    }
    Ok(if ok { Outcome::Done } else { Outcome::Attention })
}

/// Only what is about these. What the policy says of others is about none of them.
fn keep(report: &mut Report, selected: &Selected<'_>) {
    let records: HashSet<Reference> = selected.records.iter().map(|record| record.reference()).collect();
    let values: HashSet<&str> = selected.values.iter().map(|(name, _)| *name).collect();
    report.retain(|subject| match subject {
        Subject::Record(reference) => records.contains(reference),
        Subject::Value(name) => values.contains(name.as_str()),
        Subject::Policy { .. } => false,
    });
}

/// The answer to `check --json`.
#[derive(Serialize)]
struct Document<'a> {
    /// Whether the exit code is 0.
    ok: bool,
    findings: Vec<View<'a>>,
    silenced: Vec<SilencedView<'a>>,
    records: usize,
    values: usize,
    policy: Option<String>,
}

/// One finding. What is about a value has `env` and no exchange; what is about the policy, neither.
#[derive(Serialize)]
struct View<'a> {
    severity: Severity,
    code: &'static str,
    exchange: Option<&'a str>,
    subaccount: Option<&'a str>,
    environment: Option<&'static str>,
    env: Option<&'a str>,
    field: Option<&'a str>,
    other: Option<String>,
    message: &'a str,
    advice: &'a str,
    command: Option<&'a str>,
}

#[derive(Serialize)]
struct SilencedView<'a> {
    #[serde(flatten)]
    finding: View<'a>,
    reason: &'a str,
}

impl<'a> Document<'a> {
    fn of(report: &'a Report, selected: &Selected<'_>, policy: &Policy, ok: bool) -> Document<'a> {
        let silenced =
            |silenced: &'a Silenced| SilencedView { finding: View::of(&silenced.finding), reason: &silenced.reason };
        Document {
            ok,
            findings: report.findings.iter().map(View::of).collect(),
            silenced: report.silenced.iter().map(silenced).collect(),
            records: selected.records.len(),
            values: selected.values.len(),
            policy: policy.path().map(|path| path.display().to_string()),
        }
    }
}

impl<'a> View<'a> {
    fn of(finding: &'a Finding) -> View<'a> {
        let record = match &finding.subject {
            Subject::Record(reference) => Some(reference),
            Subject::Value(_) | Subject::Policy { .. } => None,
        };
        let env = match &finding.subject {
            Subject::Value(name) => Some(name.as_str()),
            Subject::Record(_) | Subject::Policy { .. } => None,
        };
        View {
            severity: finding.severity,
            code: finding.code,
            exchange: record.map(|record| record.exchange.as_str()),
            subaccount: record.map(|record| record.subaccount.as_str()),
            environment: record.map(|record| record.environment.name()),
            env,
            field: finding.field.as_deref(),
            other: finding.other.as_ref().map(ToString::to_string),
            message: &finding.message,
            advice: &finding.advice,
            command: finding.command.as_ref().map(Command::as_str),
        }
    }
}
