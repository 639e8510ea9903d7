//! What is due about a record, as people read it: how long is left, and in which colour.
//!
//! What is due when is the library's; here are only the words for it.

use strongroom::Record;
use strongroom::record::Timestamp;
use strongroom::rotation::{self, DAY, Next, RotationDays, Task};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Cell, Colour};

/// How many days before it something is due soon.
const SOON: i64 = 7;

/// The present, and how long secrets should live.
pub struct Calendar {
    /// The time now.
    pub now: Timestamp,
    /// By what the key may do.
    pub days: RotationDays,
}

impl Calendar {
    /// That of this vault.
    ///
    /// # Errors
    /// None as yet.
    pub fn of(_context: &Context) -> Result<Calendar, Failure> {
        Ok(Calendar { now: crate::output::now(), days: RotationDays::default() })
    }

    /// What is due first about a record.
    pub fn next(&self, record: &Record) -> Next {
        rotation::next(record, &self.days)
    }

    /// When the secrets of a record should be replaced.
    pub fn due(&self, record: &Record) -> Timestamp {
        rotation::due(record, &self.days)
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
        match next.is_late(self.now) {
            true => Some(Colour::Red),
            false => (next.days_left(self.now) <= SOON).then_some(Colour::Yellow),
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
    pub fn from_now(&self, moment: Timestamp) -> String {
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
        let calendar = Calendar { now: 1_000 * DAY, days: RotationDays::default() };
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
        let calendar = Calendar { now: 1_000 * DAY, days: RotationDays::default() };
        let colour = |left: i64| calendar.colour(&Next { task: Task::Rotate, at: (1_000 + left) * DAY });
        assert_eq!([-1, 0, 7, 8].map(colour), [Some(Colour::Red), Some(Colour::Yellow), Some(Colour::Yellow), None]);
    }

    #[test]
    fn dates_that_no_calendar_has_are_told_too() {
        let calendar = Calendar { now: 0, days: RotationDays::default() };
        for at in [Timestamp::MIN, Timestamp::MAX] {
            assert!(calendar.told(&Next { task: Task::Rotate, at }).starts_with("rotate "));
        }
    }
}
