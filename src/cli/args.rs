//! What can be typed: the grammar of the command line. Scripts of other people rely on it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::failure::Failure;
use crate::analysis::Rules;
use crate::base::parse_duration;

/// Shows which goroutines overstay their context.
///
/// Reads Go execution traces, finds every context cancel, and lays the cancels over the
/// goroutines' ends. With no command it opens the window; two traces are compared.
#[derive(Parser, Clone, PartialEq, Eq, Debug)]
#[command(
    name = "overstay",
    version,
    args_conflicts_with_subcommands = true,
    override_usage = "overstay [TRACE [TRACE2]]\n       overstay <COMMAND>",
    after_help = "TRACE is a file, a .gz or .zst of one, or - for standard input.\n\
                  Exit status: 0 fine, 1 over budget or worse, 2 error."
)]
struct Invocation {
    #[command(subcommand)]
    asked: Option<Asked>,
    /// The traces to open in the window: one, or two to compare.
    #[arg(value_name = "TRACE", num_args = 0..=2)]
    traces: Vec<PathBuf>,
}

/// All commands: those that need the window's code are not [`Command`]s, so that [`run`](super::run)
/// can do whatever it is given.
#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
enum Asked {
    #[command(flatten)]
    Command(Command),
    /// Draw a view of the window to a PNG, with no display
    #[cfg(feature = "gui")]
    Render(RenderArgs),
}

/// The commands that need no window.
#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Say which goroutines left late, and what held them
    Report(ReportArgs),
    /// Compare two traces, before and after
    Diff(DiffArgs),
    /// Hold a trace against a budget, for CI
    Check(CheckArgs),
    /// Write every event of a trace as a line of text
    Dump(DumpArgs),
    /// Record a trace from a running program that serves net/http/pprof
    Record(RecordArgs),
    /// Write what was found in a trace for other tools
    Export(ExportArgs),
}

/// What every command that reads traces understands.
#[derive(Args, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReadArgs {
    /// Treat a damaged trace as an error instead of using what can be read of it
    #[arg(long)]
    pub strict: bool,
}

/// `overstay report`
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ReportArgs {
    /// The trace
    #[arg(value_name = "TRACE")]
    pub trace: PathBuf,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
    /// What counts as late
    #[command(flatten)]
    pub late: LateArgs,
    /// Write to this file instead of standard output
    #[arg(short, long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to read the trace
    #[command(flatten)]
    pub read: ReadArgs,
}

/// What counts as late.
#[derive(Args, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LateArgs {
    /// Count a goroutine as late when it ends this long after its context was cancelled: 1.5s, 200us [default: 10ms]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    pub late_over: Option<i64>,
    /// Guess at deaf goroutines, too: those that were started like one that heard, and stayed
    #[arg(long)]
    pub guess_siblings: bool,
}

impl LateArgs {
    /// The limits to analyze by.
    #[must_use]
    pub fn rules(self) -> Rules {
        let rules = Rules::default();
        let late_over_ns = self.late_over.unwrap_or(rules.late_over_ns);
        Rules { late_over_ns, sibling: self.guess_siblings, ..rules }
    }
}

/// The forms of a report.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReportFormat {
    /// For people, in a terminal.
    #[default]
    Text,
    /// For programs; the fields do not change without a new `schema` number.
    Json,
    /// For a pull request or a job's summary.
    Markdown,
    /// A page in one file, with nothing to fetch.
    Html,
}

/// `overstay diff`
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct DiffArgs {
    /// The trace before the change
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// The trace after it
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,
    /// The form of the comparison
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
    /// Exit with 1 if this is the verdict
    #[arg(long, value_enum, value_name = "VERDICT")]
    pub fail_on: Option<FailOn>,
    /// Write to this file instead of standard output
    #[arg(short, long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to read the trace
    #[command(flatten)]
    pub read: ReadArgs,
}

/// The verdicts of a comparison that can be asked to fail.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailOn {
    /// Any group is worse (corrected for the number of groups), goroutines are late at a cancel site where none was (two at a new one, or one by 50ms), more are late in all, or something newly hangs.
    Worse,
}

/// `overstay check`
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct CheckArgs {
    /// The trace
    #[arg(value_name = "TRACE")]
    pub trace: PathBuf,
    /// The budget [default: overstay.toml, in this folder or the nearest above]
    #[arg(long, value_name = "FILE")]
    pub budget: Option<PathBuf>,
    /// The budget's profile whose limits replace the default ones
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The longest overstay allowed: in place of the budget's limits on late exits; a goroutine that stays for less is not counted as deaf either
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    pub late_over: Option<i64>,
    /// The longest `time.Sleep` allowed, in place of the budget's
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    pub max_sleep: Option<i64>,
    /// Fail only on what is worse than in this trace: durations more than a tenth longer, more still alive, or more deaf than chance explains; what it was too short to show is forgiven
    #[arg(long, value_name = "TRACE")]
    pub baseline: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
    /// Write to this file instead of standard output
    #[arg(short, long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to read the traces
    #[command(flatten)]
    pub read: ReadArgs,
}

/// The forms of what `check` says.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CheckFormat {
    /// For people, in a terminal.
    #[default]
    Text,
    /// For programs.
    Json,
    /// Annotations on lines of code, for GitHub Actions.
    Github,
    /// For code scanners.
    Sarif,
    /// A test suite with a case for each limit.
    Junit,
}

/// `overstay dump`
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct DumpArgs {
    /// The trace
    #[arg(value_name = "TRACE")]
    pub trace: PathBuf,
    /// Only count: events by kind, goroutines, generations
    #[arg(long)]
    pub summary: bool,
    /// How to read the trace
    #[command(flatten)]
    pub read: ReadArgs,
}

/// `overstay record`
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct RecordArgs {
    /// The program: localhost:6060, or the whole URL of its traces [path by default: /debug/pprof/trace]
    #[arg(value_name = "URL|HOST:PORT")]
    pub url: String,
    /// How long to record [default: 5, or what the URL says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub seconds: Option<u32>,
    /// The file for the trace
    #[arg(short, long = "output", value_name = "FILE")]
    pub output: PathBuf,
    /// How to read the trace
    #[command(flatten)]
    pub read: ReadArgs,
}

/// `overstay export`
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ExportArgs {
    /// The trace
    #[arg(value_name = "TRACE")]
    pub trace: PathBuf,
    /// The format to write
    #[arg(long, value_enum, value_name = "FORM")]
    pub to: ExportForm,
    /// Write to this file instead of standard output
    #[arg(short, long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to read the trace
    #[command(flatten)]
    pub read: ReadArgs,
}

/// What a trace can be exported to.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportForm {
    /// All goroutines, their spans and overstays, for ui.perfetto.dev.
    Perfetto,
    /// A table with a row for each goroutine that a cancel reached, or should have.
    Csv,
    /// The same table in columns, for pandas and other tools of data analysis.
    Parquet,
    /// Where overstays were spent, for go tool pprof.
    Pprof,
}

impl ExportForm {
    /// Whether it would make a mess of a terminal.
    #[must_use]
    pub fn is_binary(self) -> bool {
        self != Self::Csv
    }
}

/// `overstay render`
#[cfg(feature = "gui")]
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct RenderArgs {
    /// The traces: one, or two to compare
    #[arg(value_name = "TRACE", num_args = 1..=2, required = true)]
    pub traces: Vec<PathBuf>,
    /// The picture to write
    #[arg(short, long = "output", value_name = "FILE.png")]
    pub output: PathBuf,
    /// Which view to draw [default: timeline, or compare for two traces]
    #[arg(long, value_enum)]
    pub view: Option<View>,
    /// Width and height in pixels
    #[arg(long, value_name = "WxH", default_value = "1600x1000", value_parser = parse_size)]
    pub size: (u32, u32),
    /// The window's theme
    #[arg(long, value_enum, default_value_t = Theme::Dark)]
    pub theme: Theme,
    /// What to select: goroutine:23 or cancel:0
    #[arg(long, value_name = "SEL")]
    pub select: Option<String>,
    /// How to read the traces
    #[command(flatten)]
    pub read: ReadArgs,
}

/// The views of the window that can be drawn.
#[cfg(feature = "gui")]
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    /// The lanes of all goroutines.
    Timeline,
    /// The lanes that cancels reached, each with its cancel as time zero.
    Cancel,
    /// The table of late exits.
    Late,
    /// Two traces side by side.
    Compare,
}

/// The two looks of the window.
#[cfg(feature = "gui")]
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

/// Why a text is not the size of a picture.
#[cfg(feature = "gui")]
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{text}` is not a size; write it as 1600x1000, each side 64 to 8192")]
struct ParseSizeError {
    /// What was given.
    text: String,
}

/// Reads a size such as `1600x1000`, in pixels.
#[cfg(feature = "gui")]
fn parse_size(text: &str) -> Result<(u32, u32), ParseSizeError> {
    let bad = || ParseSizeError { text: text.to_owned() };
    let (width, height) = text.split_once(['x', 'X']).ok_or_else(bad)?;
    let side = |text: &str| text.parse().ok().filter(|side| (64..=8192).contains(side));
    side(width).zip(side(height)).ok_or_else(bad)
}

/// What the arguments come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Parsed {
    /// The traces to open in the window: none, one, or two to compare.
    Window(Vec<PathBuf>),
    /// The picture to draw.
    #[cfg(feature = "gui")]
    Render(RenderArgs),
    /// What to do without the window.
    Command(Command),
    /// A text that was asked for: the help or the version, with and without its colors.
    Text(clap::builder::StyledStr),
}

/// Reads the arguments, the program's name first.
///
/// # Errors
/// If they are not as `--help` says; the failure fits on one line.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Parsed, Failure> {
    let err = match Invocation::try_parse_from(args) {
        Ok(invocation) => {
            if let Some(failure) = mistyped(&invocation) {
                return Err(failure);
            }
            return Ok(match invocation.asked {
                None => Parsed::Window(invocation.traces),
                #[cfg(feature = "gui")]
                Some(Asked::Render(args)) => Parsed::Render(args),
                Some(Asked::Command(command)) => Parsed::Command(command),
            });
        }
        Err(err) => err,
    };
    match err.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Parsed::Text(err.render())),
        _ => Err(Failure::new("arguments", one_line(&err.render().to_string()))),
    }
}

/// A command that was mistyped and so taken for a trace.
fn mistyped(invocation: &Invocation) -> Option<Failure> {
    let first = invocation.traces.first().filter(|first| !first.exists())?;
    let word = first.to_str().filter(|word| !word.contains(['.', '/', '\\']))?;
    let commands = Invocation::command();
    let names: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
    let (name, _) = nearest(word, &names).filter(|(_, likeness)| *likeness > 0.8)?;
    let why = format!("neither a file nor a command; did you mean `overstay {name}`?");
    Some(Failure::new(word, why))
}

/// Words of fewer bytes are part of too many others to mean one of them.
const MIN_PART: usize = 4;

/// The known word that is most like another, and how much, 0 to 1.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<(&'a str, f64)> {
    // `sleep` is more like `max_sleep` than like what begins with an s.
    let is_part = |name: &str| word.len() >= MIN_PART && name.contains(word);
    let likeness = |name: &&'a str| {
        (*name, if is_part(name) { 1.0 } else { strsim::jaro_winkler(word, name) })
    };
    known.iter().map(likeness).max_by(|one, two| one.1.total_cmp(&two.1))
}

/// clap's message on one line: what is wrong and its tips, without the usage.
fn one_line(rendered: &str) -> String {
    let text = rendered.strip_prefix("error: ").unwrap_or(rendered);
    let said = text.split("\n\nUsage:").next().unwrap_or(text);
    let said = said.split("\n\nFor more information").next().unwrap_or(said);
    let mut line = String::new();
    for part in said.lines().map(str::trim).filter(|part| !part.is_empty()) {
        if !line.is_empty() {
            line.push_str(if line.ends_with(':') { " " } else { "; " });
        }
        line.push_str(part);
    }
    line.push_str("; see `overstay --help`");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Parsed, Failure> {
        parse(std::iter::once("overstay").chain(line.split_whitespace()).map(OsString::from))
    }

    fn command(line: &str) -> Command {
        match parsed(line) {
            Ok(Parsed::Command(command)) => command,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn clap_finds_no_fault_with_the_grammar() {
        Invocation::command().debug_assert();
    }

    #[test]
    fn one_or_two_traces_mean_the_window() {
        for (line, n_traces) in [("", 0), ("a.trace", 1), ("a.trace b.trace", 2), ("-", 1)] {
            let Ok(Parsed::Window(traces)) = parsed(line) else { panic!("{line}") };
            assert_eq!(traces.len(), n_traces, "{line}");
        }
        assert!(parsed("a b c").is_err());
    }

    #[test]
    fn a_mistyped_command_is_no_trace() {
        let said = |line| parsed(line).expect_err(line).to_string();
        assert!(said("reprot a.trace").contains("did you mean `overstay report`?"));
        assert!(said("dif a b").starts_with("arguments: "), "three words are no traces");
        assert!(said("dif a").contains("did you mean `overstay diff`?"));
        assert!(parsed("before.trace").is_ok());
        assert!(parsed("Cargo.toml").is_ok());
    }

    #[test]
    fn options_are_read() {
        let Command::Report(report) = command("report t --format json --late-over 1.5s -o out")
        else {
            panic!("not a report")
        };
        assert_eq!(report.format, ReportFormat::Json);
        assert_eq!(report.late.late_over, Some(1_500_000_000));
        assert_eq!(report.output, Some(PathBuf::from("out")));
        let Command::Diff(diff) = command("diff a b --fail-on worse") else { panic!("not a diff") };
        assert_eq!(diff.fail_on, Some(FailOn::Worse));
    }

    #[test]
    fn mistakes_are_said_on_one_line() {
        for line in [
            "report",
            "report t --format xml",
            "report t --late-over soon",
            "report t --fromat json",
            "diff a",
            "diff a b --fail-on better",
            "dump",
            "--nonsense",
        ] {
            let err = parsed(line).expect_err(line).to_string();
            assert!(!err.contains('\n'), "{line}: {err}");
            assert!(err.starts_with("arguments: "), "{line}: {err}");
            assert!(!err.contains("error:"), "{line}: {err}");
        }
    }

    #[test]
    fn help_and_version_are_no_mistakes() {
        for line in ["--help", "-h", "help", "--version", "report --help", "help diff"] {
            assert!(matches!(parsed(line), Ok(Parsed::Text(_))), "{line}");
        }
    }
}
