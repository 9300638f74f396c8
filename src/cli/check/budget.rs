//! The budget: what a trace may hold before `overstay check` fails.
//!
//! It is a TOML file, `overstay.toml`, looked for from the working directory upwards:
//!
//! ```toml
//! [default]
//! late_exit_max = "200ms"
//! [profile.staging]
//! max_sleep = "5s"
//! [[allow]]
//! function = "main.heartbeat"
//! rule = "long-sleep"
//! why = "a ticker by design"
//! ```
//!
//! A limit that is not named is not checked; without a file the [`Limits::BUILT_IN`] are.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::analysis::Rule;
use crate::base::parse_duration;
use crate::cli::args::nearest;
use crate::cli::failure::Failure;

use super::mistake::{BudgetError, ExceptionError};

/// The name that is looked for.
const FILE: &str = "overstay.toml";
/// What can stand at the top of the file.
const SECTIONS: [&str; 3] = ["default", "profile", "allow"];
/// What each entry of `allow` has.
const ALLOW_KEYS: [&str; 3] = ["function", "rule", "why"];

/// How much of each is too much; none if it is not checked. Durations are nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Limits {
    /// 99 of 100 goroutines leave within this after their cancel.
    pub(super) late_exit_p99: Option<i64>,
    /// All leave within this.
    pub(super) late_exit_max: Option<i64>,
    /// So many may still be alive at the trace's end.
    pub(super) still_alive: Option<i64>,
    /// So many may be deaf.
    pub(super) deaf: Option<i64>,
    /// No `time.Sleep` is longer.
    pub(super) max_sleep: Option<i64>,
}

/// What kind of value a limit has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// Nanoseconds.
    Duration,
    /// Goroutines.
    Count,
}

impl Limits {
    /// What counts where no file says otherwise.
    pub(super) const BUILT_IN: Self = Self {
        late_exit_p99: Some(50_000_000),
        late_exit_max: Some(200_000_000),
        still_alive: Some(0),
        deaf: Some(0),
        max_sleep: Some(1_000_000_000),
    };

    /// The same limits, each at nothing: all that there is is over them.
    pub(super) fn at_nothing(mut self) -> Self {
        for (.., limit) in self.named() {
            *limit = limit.map(|_| 0);
        }
        self
    }

    /// The limits by the names that they have in the file.
    pub(super) fn named(&mut self) -> [(&'static str, Unit, &mut Option<i64>); 5] {
        [
            ("late_exit_p99", Unit::Duration, &mut self.late_exit_p99),
            ("late_exit_max", Unit::Duration, &mut self.late_exit_max),
            ("still_alive", Unit::Count, &mut self.still_alive),
            ("deaf", Unit::Count, &mut self.deaf),
            ("max_sleep", Unit::Duration, &mut self.max_sleep),
        ]
    }

    /// Takes over the limits that a table of the file names.
    fn read(&mut self, section: &str, table: &Table) -> Result<(), BudgetError> {
        for (key, value) in table {
            let mut limits = self.named();
            let names = limits.each_ref().map(|(name, ..)| *name);
            let Some((name, unit, limit)) = limits.iter_mut().find(|(name, ..)| name == key) else {
                return Err(BudgetError::unknown(key, format!("[{section}]"), &names));
            };
            **limit = Some(read_limit(section, name, *unit, value)?);
        }
        Ok(())
    }
}

fn read_limit(
    section: &str,
    key: &'static str,
    unit: Unit,
    value: &Value,
) -> Result<i64, BudgetError> {
    let section = section.to_owned();
    let wrong =
        |section, wanted| BudgetError::WrongKind { section, key, value: value.to_string(), wanted };
    match (unit, value) {
        (Unit::Duration, Value::String(text)) => {
            parse_duration(text).map_err(|source| BudgetError::BadDuration { section, key, source })
        }
        (Unit::Count, Value::Integer(count)) if *count >= 0 => Ok(*count),
        (Unit::Duration, _) => Err(wrong(section, "a duration; write it as \"50ms\"")),
        (Unit::Count, _) => Err(wrong(section, "a number of goroutines")),
    }
}

/// What is over a limit by design.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Allow {
    /// The function; with `*` at its end, all that begin so.
    pub(super) function: String,
    /// By which rule.
    pub(super) rule: Rule,
    /// For what reason.
    pub(super) why: String,
}

impl Allow {
    /// Whether this allows a function to break a rule.
    pub(super) fn covers(&self, function: &str, rule: Rule) -> bool {
        self.rule == rule
            && match self.function.strip_suffix('*') {
                Some(start) => function.starts_with(start),
                None => function == self.function,
            }
    }

    /// Reads the entry with a number, counted from 1.
    fn read(number: usize, value: &Value) -> Result<Self, BudgetError> {
        let bad = |what| BudgetError::BadException { number, what };
        let table = value.as_table().ok_or_else(|| bad(ExceptionError::NoTable))?;
        if let Some(key) = table.keys().find(|key| !ALLOW_KEYS.contains(&key.as_str())) {
            let place = format!("[[allow]] number {number}");
            return Err(BudgetError::unknown(key, place, &ALLOW_KEYS));
        }
        let text = |key: &'static str| match table.get(key) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
            Some(Value::String(_)) => Err(bad(ExceptionError::Empty { key })),
            Some(value) => Err(bad(ExceptionError::NoText { key, value: value.to_string() })),
            None => Err(bad(ExceptionError::Missing { key })),
        };
        let rule = read_rule(&text("rule")?).map_err(bad)?;
        Ok(Self { function: text("function")?, rule, why: text("why")? })
    }
}

fn read_rule(text: &str) -> Result<Rule, ExceptionError> {
    let names: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    Rule::from_name(text).ok_or_else(|| {
        let like = nearest(text, &names).map_or("", |(name, _)| name);
        ExceptionError::NoRule { rule: text.to_owned(), like }
    })
}

/// Limits and exceptions, and where they come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Budget {
    /// The file; none for what is built in.
    pub(super) path: Option<PathBuf>,
    /// The profile, if one was asked for.
    pub(super) profile: Option<String>,
    /// The limits.
    pub(super) limits: Limits,
    /// The exceptions.
    pub(super) allow: Vec<Allow>,
}

impl Budget {
    /// Reads the budget from `path`, or from the nearest file upwards.
    pub(super) fn find(path: Option<&Path>, profile: Option<&str>) -> Result<Self, Failure> {
        let found = match path {
            Some(path) => Some(path.to_owned()),
            None => nearest_file(),
        };
        match found {
            Some(path) => {
                let text = read(&path)?;
                let parsed = Self::parse(&text, profile);
                let budget = parsed.map_err(|why| Failure::of_file(&path, why))?;
                Ok(Self { path: Some(path), ..budget })
            }
            None => match profile {
                None => Ok(Self {
                    path: None,
                    profile: None,
                    limits: Limits::BUILT_IN,
                    allow: Vec::new(),
                }),
                Some(name) => {
                    let why = format!("there is no {FILE} with profiles here or above");
                    Err(Failure::new(format!("profile `{name}`"), why))
                }
            },
        }
    }

    /// Reads a budget's text.
    pub(super) fn parse(text: &str, profile: Option<&str>) -> Result<Self, BudgetError> {
        let file: Table = text.parse().map_err(|err: toml::de::Error| {
            let line = err.span().map(|span| text[..span.start].lines().count().max(1));
            BudgetError::Toml { message: err.message().to_owned(), line }
        })?;
        if let Some(key) = file.keys().find(|key| !SECTIONS.contains(&key.as_str())) {
            return Err(BudgetError::unknown(key, "the budget", &SECTIONS));
        }
        let limits = read_limits(&file, profile)?;
        let allow = match file.get("allow") {
            None => Vec::new(),
            Some(Value::Array(entries)) => (1..)
                .zip(entries)
                .map(|(number, entry)| Allow::read(number, entry))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(BudgetError::NoList),
        };
        Ok(Self { path: None, profile: profile.map(str::to_owned), limits, allow })
    }
}

/// The default limits, and in their place those that a profile names.
fn read_limits(file: &Table, profile: Option<&str>) -> Result<Limits, BudgetError> {
    let mut default = Limits::default();
    default.read("default", table_at(file, "default")?)?;
    let profiles = table_at(file, "profile")?;
    let mut asked = None;
    // Each is read, so that a mistake shows whichever profile is asked for.
    for (name, table) in profiles {
        let Value::Table(own) = table else {
            return Err(BudgetError::LimitOfAllProfiles { key: name.clone() });
        };
        let mut limits = default;
        limits.read(&format!("profile.{name}"), own)?;
        if profile == Some(name.as_str()) {
            asked = Some(limits);
        }
    }
    match profile {
        None => Ok(default),
        Some(name) => asked.ok_or_else(|| {
            let names: Vec<&str> = profiles.keys().map(String::as_str).collect();
            BudgetError::no_profile(name, &names)
        }),
    }
}

/// The table at a key, an empty one if there is none.
fn table_at<'a>(file: &'a Table, key: &str) -> Result<&'a Table, BudgetError> {
    static EMPTY: std::sync::LazyLock<Table> = std::sync::LazyLock::new(Table::new);
    match file.get(key) {
        None => Ok(&EMPTY),
        Some(Value::Table(table)) => Ok(table),
        Some(_) => Err(BudgetError::NoTable { key: key.to_owned() }),
    }
}

/// The budget file nearest to the working directory, upwards.
fn nearest_file() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file())
}

#[expect(clippy::disallowed_methods, reason = "a budget is no trace")]
fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|err| Failure::of_reading(path, &err))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = r#"
        [default]
        late_exit_p99 = "50ms"
        still_alive = 0
        max_sleep = "1s"
        [profile.staging]
        max_sleep = "5s"
        [[allow]]
        function = "main.heart*"
        rule = "long-sleep"
        why = "a ticker by design"
    "#;

    #[test]
    fn a_profile_changes_what_it_names() {
        let budget = Budget::parse(FULL, None).expect("a budget");
        assert_eq!(budget.limits.max_sleep, Some(1_000_000_000));
        assert_eq!(budget.limits.deaf, None, "what is not named is not checked");
        let staging = Budget::parse(FULL, Some("staging")).expect("a budget");
        assert_eq!(staging.limits.max_sleep, Some(5_000_000_000));
        assert_eq!(staging.limits.late_exit_p99, Some(50_000_000));
        let err = Budget::parse(FULL, Some("stagin")).expect_err("no such profile");
        assert_eq!(err.to_string(), "there is no profile `stagin`; the nearest is `staging`");
    }

    #[test]
    fn exceptions_cover_a_function_and_a_rule() {
        let budget = Budget::parse(FULL, None).expect("a budget");
        let [allow] = budget.allow.as_slice() else { panic!("{:?}", budget.allow) };
        assert!(allow.covers("main.heartbeat", Rule::LongSleep));
        assert!(!allow.covers("main.heartbeat", Rule::LateExit));
        assert!(!allow.covers("main.work", Rule::LongSleep));
    }

    #[test]
    fn mistakes_name_the_key_and_the_nearest_known_one() {
        let said = |text: &str| Budget::parse(text, None).expect_err(text).to_string();
        for (text, expected) in [
            (
                "[default]\nlate_exit_p9 = \"1s\"",
                "unknown key `late_exit_p9` in [default]; the nearest known one is `late_exit_p99`",
            ),
            (
                "[defaults]\n",
                "unknown key `defaults` in the budget; the nearest known one is `default`",
            ),
            (
                "[profile.x]\nmaxsleep = \"1s\"",
                "unknown key `maxsleep` in [profile.x]; the nearest known one is `max_sleep`",
            ),
            (
                "[[allow]]\nfunc = \"f\"",
                "unknown key `func` in [[allow]] number 1; the nearest known one is `function`",
            ),
            (
                "[[allow]]\nfunction = \"f\"\nrule = \"late-exi\"\nwhy = \"w\"",
                "[[allow]] number 1: there is no rule `late-exi`; the nearest is `late-exit`",
            ),
            (
                "[[allow]]\nfunction = \"f\"\nrule = \"deaf\"",
                "[[allow]] number 1: `why` is missing",
            ),
            (
                "[default]\nmax_sleep = 5",
                "[default] max_sleep: 5 is not a duration; write it as \"50ms\"",
            ),
            ("[default]\ndeaf = -1", "[default] deaf: -1 is not a number of goroutines"),
        ] {
            assert_eq!(said(text), expected);
        }
        assert!(said("[default\n").contains("line 1"));
    }
}
