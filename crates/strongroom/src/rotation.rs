//! Rotation: how long the secrets of a record should live, what is due when, and replacing them in two phases.
//!
//! Nothing here asks a clock: callers say when it is. The phases themselves are methods of
//! [`Contents`](crate::Contents), in the part below; what a key may do is read in the [registry].
//!
//! ```
//! use strongroom::rotation::{self, RotationDays, Task};
//! use strongroom::{Record, Reference};
//!
//! let mut record = Record::new(&Reference::new("okx", "main"), 1_767_225_600).unwrap();
//! record.permissions.insert("withdraw".into());
//! let days = RotationDays::default();
//! assert_eq!(days.of(&record), 14);
//! assert_eq!(rotation::next(&record, &days).task, Task::Rotate);
//! ```

mod ending;
mod phases;

use crate::record::{Record, Timestamp};
use crate::registry::{self, Permission};

pub(crate) use ending::is_given_out;
pub use ending::{Ending, ending};

/// Seconds of a day.
pub const DAY: Timestamp = 86_400;

/// After how many days secrets should be replaced, by the most dangerous thing that the key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationDays {
    /// A key that only reads.
    pub read: u32,
    /// A key that trades or moves funds between accounts, and one of which nobody recorded what it may do.
    pub trade: u32,
    /// A key that sends funds away.
    pub withdraw: u32,
}

impl Default for RotationDays {
    fn default() -> RotationDays {
        RotationDays { read: 90, trade: 30, withdraw: 14 }
    }
}

impl RotationDays {
    /// How many days the secrets of this record should live: as the record says itself, else by its permissions.
    ///
    /// A word that nobody knows is no proof of harmlessness and counts as trade.
    pub fn of(&self, record: &Record) -> u32 {
        if let Some(days) = record.rotate_after_days {
            return days;
        }
        let most = |word: &String| registry::permission(&record.exchange, word).iter().max().copied();
        let known = record.permissions.iter().map(|word| most(word).unwrap_or(Permission::Trade)).max();
        match known {
            Some(Permission::Read) => self.read,
            Some(Permission::Trade | Permission::Transfer) | None => self.trade,
            Some(Permission::Withdraw) => self.withdraw,
        }
    }
}

/// When the secrets of a record should be replaced: so many days after they came.
pub fn due(record: &Record, days: &RotationDays) -> Timestamp {
    since(record).saturating_add(Timestamp::from(days.of(record)) * DAY)
}

/// Since when it has the secrets that it has, as far as is known.
pub fn since(record: &Record) -> Timestamp {
    record.rotated.unwrap_or(record.created)
}

/// What somebody has to do about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// The old values of a rotation are to be forgotten.
    Finish,
    /// The exchange stops accepting the key.
    Renew,
    /// The secrets are as old as they should get.
    Rotate,
}

impl Task {
    /// `finish`, `renew` or `rotate`.
    pub fn name(self) -> &'static str {
        match self {
            Task::Finish => "finish",
            Task::Renew => "renew",
            Task::Rotate => "rotate",
        }
    }
}

/// What is due next, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// What.
    pub task: Task,
    /// When at the latest.
    pub at: Timestamp,
}

impl Next {
    /// How many days are left until its day, as dates in UTC count them; below zero when that is over.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        self.at.div_euclid(DAY) - now.div_euclid(DAY)
    }

    /// Whether it is too late: its day is over, or the key is not accepted any more.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.days_left(now) < 0 || self.task == Task::Renew && self.at <= now
    }
}

/// What is due first of all that is known about a record: a day on which the exchange [ends](ending) the key counts as
/// one that is recorded, where it is certain.
///
/// An unfinished rotation without a retire date is due when it began.
pub fn next(record: &Record, days: &RotationDays) -> Next {
    let finish = record.previous.as_ref().map(|previous| previous.retire.unwrap_or(previous.replaced));
    let tasks = [(Task::Finish, finish), (Task::Renew, renew(record)), (Task::Rotate, Some(due(record, days)))];
    let known = tasks.into_iter().filter_map(|(task, at)| Some(Next { task, at: at? }));
    known.min_by_key(|next| next.at).expect("the secrets of every record are due some day")
}

/// When the key stops working: as is recorded, else by the exchange's own rule.
fn renew(record: &Record) -> Option<Timestamp> {
    record.expires.or_else(|| ending(record).filter(|ending| ending.is_certain).map(|ending| ending.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Previous, Reference};

    const NOW: Timestamp = 1_767_225_600;

    fn record(exchange: &str, permissions: &[&str]) -> Record {
        let mut record = Record::new(&Reference::new(exchange, "main"), NOW).unwrap();
        record.permissions = permissions.iter().map(|&word| word.to_owned()).collect();
        record
    }

    fn days(exchange: &str, permissions: &[&str]) -> u32 {
        RotationDays::default().of(&record(exchange, permissions))
    }

    #[test]
    fn the_most_dangerous_permission_says_how_long() {
        assert_eq!(days("okx", &["read"]), 90);
        assert_eq!(days("okx", &["read", "trade"]), 30);
        assert_eq!(days("okx", &["read", "transfer"]), 30);
        assert_eq!(days("okx", &["read", "withdraw", "trade"]), 14);
    }

    #[test]
    fn words_of_the_exchange_count_as_what_they_mean() {
        assert_eq!(days("binance", &["enableReading"]), 90);
        assert_eq!(days("binance", &["enableReading", "enableWithdrawals"]), 14);
        assert_eq!(days("coinbase", &["transfer"]), 14, "what Coinbase calls transfer sends funds away");
    }

    #[test]
    fn what_nobody_knows_counts_as_trade() {
        assert_eq!(days("okx", &[]), 30);
        assert_eq!(days("somewhere-new", &["read", "frobnicate"]), 30);
    }

    #[test]
    fn the_record_itself_has_the_first_word() {
        let mut record = record("okx", &["withdraw"]);
        record.rotate_after_days = Some(7);
        assert_eq!(RotationDays::default().of(&record), 7);
    }

    #[test]
    fn due_is_counted_from_the_last_rotation_or_else_from_when_it_came() {
        let mut record = record("okx", &["read"]);
        assert_eq!(due(&record, &RotationDays::default()), NOW + 90 * DAY);
        record.rotated = Some(NOW + 10 * DAY);
        assert_eq!(due(&record, &RotationDays::default()), NOW + 100 * DAY);
        record.rotated = Some(Timestamp::MAX);
        assert_eq!(due(&record, &RotationDays::default()), Timestamp::MAX, "a date from a file cannot wrap");
    }

    #[test]
    fn the_first_of_all_dates_is_next() {
        let days = RotationDays::default();
        let mut record = record("okx", &["read"]);
        assert_eq!(next(&record, &days), Next { task: Task::Rotate, at: NOW + 90 * DAY });
        record.expires = Some(NOW + 20 * DAY);
        assert_eq!(next(&record, &days), Next { task: Task::Renew, at: NOW + 20 * DAY });
        record.previous =
            Some(Box::new(Previous { replaced: NOW, retire: Some(NOW + 7 * DAY), ..Previous::default() }));
        assert_eq!(next(&record, &days), Next { task: Task::Finish, at: NOW + 7 * DAY });
        record.previous = Some(Box::new(Previous { replaced: NOW, ..Previous::default() }));
        assert_eq!(next(&record, &days), Next { task: Task::Finish, at: NOW });
    }

    #[test]
    fn a_key_that_its_exchange_ends_is_due_then_where_that_is_certain() {
        let days = RotationDays { trade: 365, ..RotationDays::default() };
        let bybit = record("bybit", &["trade"]);
        assert_eq!(next(&bybit, &days), Next { task: Task::Renew, at: NOW + 90 * DAY });
        assert_eq!(next(&bybit, &RotationDays::default()), Next { task: Task::Rotate, at: NOW + 30 * DAY });
        let binance = record("binance", &["trade"]);
        assert_eq!(next(&binance, &days), Next { task: Task::Rotate, at: NOW + 365 * DAY });
    }

    #[test]
    fn days_are_those_of_dates() {
        let next = Next { task: Task::Rotate, at: NOW };
        let moments = [NOW - 2 * DAY, NOW - DAY - 1, NOW - 1, NOW, NOW + DAY - 1, NOW + DAY];
        assert_eq!(moments.map(|now| next.days_left(now)), [2, 2, 1, 0, 0, -1]);
        for at in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(Next { task: Task::Rotate, at }.days_left(0), at.div_euclid(DAY), "no date from a file wraps");
        }
    }

    #[test]
    fn a_rotation_has_its_day_and_an_expiry_its_moment() {
        let late = |task, now| Next { task, at: NOW }.is_late(now);
        assert!(!late(Task::Rotate, NOW + 1) && late(Task::Rotate, NOW + DAY));
        assert!(!late(Task::Renew, NOW - 1) && late(Task::Renew, NOW));
    }
}
