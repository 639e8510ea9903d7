//! Which formats there are: one line each, from which names, help and look-ups follow.
//!
//! What each of them does is in its own file; [`super::read`], [`super::write`] and [`super::detect`] lead there.

/// A closed list whose members people call by name: `Member "name" "what it is, in a few words"`.
macro_rules! named {
    ($(#[$meta:meta])* pub enum $list:ident { $($member:ident $name:literal $about:literal)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $list {
            $(#[doc = $about] $member,)*
        }

        impl $list {
            /// All of them.
            pub const ALL: [$list; [$($name),*].len()] = [$($list::$member),*];

            /// What people call it.
            pub fn name(self) -> &'static str {
                match self {
                    $($list::$member => $name,)*
                }
            }

            /// What it is, in a few words.
            pub fn about(self) -> &'static str {
                match self {
                    $($list::$member => $about,)*
                }
            }

            /// The one of this name, if there is one.
            pub fn from_name(name: &str) -> Option<$list> {
                $list::ALL.into_iter().find(|member| member.name() == name)
            }
        }
    };
}

named! {
    /// The formats that an import understands.
    ///
    /// [`ImportFormat::Armor`] is a whole vault and not records: [`crate::dearmor`] reads it.
    /// [`ImportFormat::Hummingbot`] is encrypted with a password of its own: [`super::hummingbot`] reads it.
    pub enum ImportFormat {
        Dotenv "dotenv" "NAME=value lines, as python-dotenv reads them"
        Json "json" "the exchange_secrets file of financepype"
        Aws "aws" "the API_KEY/SUBACCOUNTS secret of financepype at AWS"
        Hummingbot "hummingbot" "conf/connectors of hummingbot, with its password"
        Ccxt "ccxt" "what ccxt's constructors take, one or by name"
        Freqtrade "freqtrade" "freqtrade's configuration, its secrets only"
        Strongroom "strongroom" "all records, values and metadata of a vault"
        Armor "armor" "an encrypted vault itself as text"
    }
}

named! {
    /// The formats that an export writes.
    ///
    /// [`ExportFormat::Armor`] is a whole vault and not records: [`crate::LockedVault::to_armor`] writes it.
    pub enum ExportFormat {
        Dotenv "dotenv" "Environment variables, see --target"
        Json "json" "The exchange_secrets file of financepype, one environment"
        Aws "aws" "The API_KEY/SUBACCOUNTS secret of financepype at AWS, one exchange and environment"
        Kubernetes "kubernetes" "A Secret of Kubernetes, see --name"
        Systemd "systemd" "A file for each value, for systemd's LoadCredential=, see --output-dir"
        Ccxt "ccxt" "What ccxt's constructors take: by name, or of the one REF that is given"
        Freqtrade "freqtrade" "A config-private.json for freqtrade, one record"
        FreqtradeEnv "freqtrade-env" "The same as environment variables, see --target"
        Nautilus "nautilus" "nautilus-trader's environment variables, see --target"
        Strongroom "strongroom" "All records, values and metadata"
        Armor "armor" "The encrypted vault itself as text"
    }
}

named! {
    /// Who will read a `.env`. The readers in use differ so much that no quoting suits all of them.
    pub enum DotenvTarget {
        Portable "portable" "All of them: only values that need no quoting, others are refused"
        PythonDotenv "python-dotenv" "python-dotenv, with its interpolation on"
        Docker "docker" "docker run --env-file, which knows no quotes"
        Systemd "systemd" "systemd's EnvironmentFile="
        Sh "sh" "A POSIX shell: set -a; . ./FILE"
    }
}

named! {
    /// Which names environment variables have.
    pub enum VariableNames {
        Own "own" "The names that fields came with, else as strongroom"
        Strongroom "strongroom" "{EXCHANGE}_{SUBACCOUNT}_{FIELD}"
        Freqtrade "freqtrade" "FREQTRADE__EXCHANGE__..., of one record"
        Nautilus "nautilus" "What nautilus-trader's adapters read, one record of each"
    }
}

impl ImportFormat {
    /// Whether its texts always say of which exchange each record is.
    pub fn says_exchange(self) -> bool {
        match self {
            ImportFormat::Dotenv | ImportFormat::Aws | ImportFormat::Ccxt | ImportFormat::Freqtrade => false,
            ImportFormat::Json | ImportFormat::Hummingbot | ImportFormat::Strongroom | ImportFormat::Armor => true,
        }
    }

    /// Whether its texts say for which environment each record is.
    pub fn says_environment(self) -> bool {
        match self {
            ImportFormat::Dotenv | ImportFormat::Hummingbot | ImportFormat::Strongroom | ImportFormat::Armor => true,
            ImportFormat::Json | ImportFormat::Aws | ImportFormat::Ccxt | ImportFormat::Freqtrade => false,
        }
    }
}

impl ExportFormat {
    /// Whether it is lines of `NAME=value`, for which [`DotenvTarget`] counts.
    pub fn is_variables(self) -> bool {
        match self {
            ExportFormat::Dotenv | ExportFormat::FreqtradeEnv | ExportFormat::Nautilus => true,
            ExportFormat::Json | ExportFormat::Aws | ExportFormat::Kubernetes | ExportFormat::Systemd => false,
            ExportFormat::Ccxt | ExportFormat::Freqtrade | ExportFormat::Strongroom | ExportFormat::Armor => false,
        }
    }

    /// Whether named values have a place in it beside records.
    pub fn takes_values(self) -> bool {
        match self {
            ExportFormat::Kubernetes | ExportFormat::Systemd => true,
            ExportFormat::Json | ExportFormat::Aws | ExportFormat::Ccxt => false,
            ExportFormat::Dotenv | ExportFormat::Freqtrade | ExportFormat::FreqtradeEnv | ExportFormat::Nautilus => {
                true
            }
            ExportFormat::Strongroom | ExportFormat::Armor => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back() {
        for format in ImportFormat::ALL {
            assert_eq!(ImportFormat::from_name(format.name()), Some(format));
        }
        for format in ExportFormat::ALL {
            assert_eq!(ExportFormat::from_name(format.name()), Some(format));
        }
        for target in DotenvTarget::ALL {
            assert_eq!(DotenvTarget::from_name(target.name()), Some(target));
        }
        for names in VariableNames::ALL {
            assert_eq!(VariableNames::from_name(names.name()), Some(names));
        }
        assert_eq!(ImportFormat::from_name("toml"), None);
    }

    #[test]
    fn every_member_says_what_it_is_in_a_line_of_help() {
        let abouts = ImportFormat::ALL.map(ImportFormat::about).into_iter();
        let abouts = abouts.chain(ExportFormat::ALL.map(ExportFormat::about));
        assert!(abouts.chain(DotenvTarget::ALL.map(DotenvTarget::about)).all(|about| (5..90).contains(&about.len())));
    }
}
