//! What is due about a record, as people read it: how long is left, and in which colour.
//!
//! What is due when is the library's; here are only the words for it.

use strongroom::record::Timestamp;
use strongroom::rotation::{self, DAY, Ending, Next, Task};
use strongroom::{Policy, Record};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Cell, Colour};

/// The present, and what the policy of the vault says about dates.
pub struct Calendar {
    /// The time now.
    pub now: Timestamp,
    policy: Policy,
}

impl Calendar {
    /// That of the vault which the options name. A policy that cannot be used is a warning here, because nothing
    /// depends on dates but what is said of them; `check` refuses it.
    ///
    /// # Errors
    /// Exit code 3 when there is no vault.
    pub fn of(context: &Context) -> Result<Calendar, Failure> {
        let policy = Policy::read_beside(context.find_vault_path()?).unwrap_or_else(|error| {
            context.warn(format!("{error}; dates are told without it"));
            Policy::default()
        });
        Ok(Calendar { now: crate::output::now(), policy })
    }

    /// After how many days the secrets of a record should be replaced.
    pub fn lifetime(&self, record: &Record) -> u32 {
        self.policy.rotation.of(record)
    }

    /// What is due first about a record.
    pub fn next(&self, record: &Record) -> Next {
        rotation::next(record, &self.policy.rotation)
    }

    /// When the secrets of a record should be replaced.
    pub fn due(&self, record: &Record) -> Timestamp {
        rotation::due(record, &self.policy.rotation)
    }

    /// When the exchange ends the key by itself, for a person: `2027-01-31, in 12 days, by a rule of Bybit`
    pub fn ending(&self, ending: &Ending) -> String {
        let doubt = if ending.is_certain { "" } else { ", not certain" };
        let (date, distance) = (crate::output::date(ending.at), self.distance_to(ending.at));
        format!("{date}, {distance}, by a rule of {}{doubt}", ending.exchange.name)
    }

    /// `rotate in 12 days`, `renew today`, `finish 3 days late`
    pub fn told(&self, next: &Next) -> String {
        let left = next.days_left(self.now);
        match next.task {
            Task::Renew if next.is_late(self.now) => format!("expired {}", distance(left)),
            task if left < 0 => format!("{} {} late", task.name(), days(left)),
            task => format!("{} {}", task.name(), distance(left)),
        }
    }

    /// Red when it is late, yellow when it is soon.
    pub fn colour(&self, next: &Next) -> Option<Colour> {
        let soon = match next.task {
            Task::Renew => self.policy.expiry_warn_days,
            Task::Finish | Task::Rotate => self.policy.rotation_warn_days,
        };
        match next.is_late(self.now) {
            true => Some(Colour::Red),
            false => (next.days_left(self.now) <= i64::from(soon)).then_some(Colour::Yellow),
        }
    }

    /// What is due first, for a table.
    pub fn cell(&self, record: &Record) -> Cell {
        let next = self.next(record);
        Cell::coloured(self.told(&next), self.colour(&next))
    }

    /// How old the secrets of a record are: `18 d`
    pub fn age(&self, record: &Record) -> String {
        let age = self.now.saturating_sub(rotation::since(record)).div_euclid(DAY);
        format!("{} d", age.max(0))
    }

    /// `in 12 days`, `today`, `3 days ago`
    pub fn distance_to(&self, moment: Timestamp) -> String {
        distance(moment.div_euclid(DAY) - self.now.div_euclid(DAY))
    }
}

fn distance(left: i64) -> String {
    match left {
        ..0 => format!("{} ago", days(left)),
        0 => "today".to_owned(),
        _ => format!("in {}", days(left)),
    }
}

fn days(number: i64) -> String {
    match number.unsigned_abs() {
        1 => "1 day".to_owned(),
        number => format!("{number} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(task: Task, left: i64) -> String {
        let calendar = Calendar { now: 1_000 * DAY, policy: Policy::default() };
        calendar.told(&Next { task, at: (1_000 + left) * DAY })
    }

    #[test]
    fn what_is_due_reads_as_a_phrase() {
        assert_eq!(told(Task::Rotate, 12), "rotate in 12 days");
        assert_eq!(told(Task::Finish, 1), "finish in 1 day");
        assert_eq!(told(Task::Finish, 0), "finish today");
        assert_eq!(told(Task::Renew, 0), "expired today");
        assert_eq!(told(Task::Rotate, -3), "rotate 3 days late");
        assert_eq!(told(Task::Renew, -1), "expired 1 day ago");
    }

    #[test]
    fn what_is_over_is_red_and_what_is_soon_yellow() {
        let calendar = Calendar { now: 1_000 * DAY, policy: Policy::default() };
        let soon = i64::from(calendar.policy.rotation_warn_days);
        let colour = |left: i64| calendar.colour(&Next { task: Task::Rotate, at: (1_000 + left) * DAY });
        let expected = [Some(Colour::Red), Some(Colour::Yellow), Some(Colour::Yellow), None];
        assert_eq!([-1, 0, soon, soon + 1].map(colour), expected);
    }

    #[test]
    fn dates_that_no_calendar_has_are_told_too() {
        let calendar = Calendar { now: 0, policy: Policy::default() };
        for at in [Timestamp::MIN, Timestamp::MAX] {
            assert!(calendar.told(&Next { task: Task::Rotate, at }).starts_with("rotate "));
        }
    }
}
