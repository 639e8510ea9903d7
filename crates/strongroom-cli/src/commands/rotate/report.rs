//! `strongroom rotate --due`: what is due, by date, over all records.

use serde::Serialize;
use strongroom::Record;
use strongroom::rotation::{self, Ending, Next, Task};

use crate::context::Context;
use crate::due::Calendar;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Cell, Table};
use crate::select;

/// One record of the report, for programs.
#[derive(Serialize)]
struct Line<'a> {
    exchange: &'a str,
    subaccount: &'a str,
    environment: &'static str,
    task: &'static str,
    due: String,
    days_left: i64,
    since: String,
    rotate_after_days: u32,
}

/// Tells it. Exit code 0 whatever is due: `check` is the one to stand before a bot.
pub fn run(context: &Context, references: &[String]) -> Result<Outcome, Failure> {
    let contents = context.open()?.contents();
    let calendar = Calendar::of(context)?;
    let selected = select::select(&contents, references)?;
    let mut rows: Vec<(&Record, Next)> =
        selected.records.iter().map(|record| (*record, calendar.next(record))).collect();
    rows.sort_by_key(|(_, next)| next.at);
    if context.json {
        output::json(&rows.iter().map(|(record, next)| line(record, next, &calendar)).collect::<Vec<_>>())?;
    } else if rows.is_empty() {
        context.note("nothing there");
    } else {
        output::text(table(&rows, &calendar).render())?;
        let late: Vec<&Record> =
            rows.iter().filter(|(_, next)| next.is_late(calendar.now)).map(|(record, _)| *record).collect();
        if let Some(first) = late.first() {
            let (text, command) = (format!("{} of {} late, the first of all:", late.len(), rows.len()), command(first));
            let fits = text.chars().count() + 1 + command.chars().count() <= output::WIDTH;
            context.note(format!("\n{text}{}{command}", if fits { " " } else { "\n  " }));
        }
    }
    Ok(Outcome::Done)
}

fn line<'a>(record: &'a Record, next: &Next, calendar: &Calendar) -> Line<'a> {
    Line {
        exchange: &record.exchange,
        subaccount: &record.subaccount,
        environment: record.environment.name(),
        task: next.task.name(),
        due: output::time(next.at),
        days_left: next.days_left(calendar.now),
        since: output::time(rotation::since(record)),
        rotate_after_days: calendar.lifetime(record),
    }
}

fn table(rows: &[(&Record, Next)], calendar: &Calendar) -> Table {
    let mut table = Table::new(["date", "due", "record", "why"]).least_needed([3]).cut(2);
    for (record, next) in rows {
        table.row::<Cell>([
            output::date(next.at).into(),
            Cell::coloured(calendar.told(next), calendar.colour(next)),
            record.reference().to_string().into(),
            why(record, next, calendar).into(),
        ]);
    }
    table
}

/// `30 days: read, trade`
fn why(record: &Record, next: &Next, calendar: &Calendar) -> String {
    match next.task {
        Task::Finish => "old values are kept".to_owned(),
        Task::Renew => match rotation::ending(record) {
            Some(Ending { exchange, rule, .. }) if rule.without_allowlist => {
                format!("{}: {} days, no IP list", exchange.name, rule.days)
            }
            Some(Ending { exchange, rule, .. }) => format!("{}: {} days", exchange.name, rule.days),
            None => "the key expires".to_owned(),
        },
        Task::Rotate if record.rotate_after_days.is_some() => format!("{} days, as it says", calendar.lifetime(record)),
        Task::Rotate => {
            let words: Vec<&str> = record.permissions.iter().map(String::as_str).collect();
            let words = if words.is_empty() { "permissions unknown".to_owned() } else { words.join(", ") };
            format!("{} days: {words}", calendar.lifetime(record))
        }
    }
}

/// What to paste. A rotation that is not finished stands in the way of the next.
fn command(record: &Record) -> String {
    let finish = if record.previous.is_some() { " --finish" } else { "" };
    format!("strongroom rotate {}{finish}", output::shell_word(&record.reference().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Reference;

    #[test]
    fn an_unfinished_rotation_is_finished_before_the_next() {
        let mut record = Record::new(&Reference::new("okx", "main"), 0).unwrap();
        assert_eq!(command(&record), "strongroom rotate okx/main");
        record.previous = Some(Box::default());
        assert_eq!(command(&record), "strongroom rotate okx/main --finish");
    }
}
