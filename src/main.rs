//! The program: arguments choose between the window, a picture of it, and the command line.

use std::path::PathBuf;
use std::process::ExitCode;

use overstay::cli::{self, Failure, Parsed, Status};
#[cfg(feature = "gui")]
use overstay::ui;

fn main() -> ExitCode {
    cli::exit_code_of(|| match cli::parse(std::env::args_os())? {
        Parsed::Text(text) => cli::print(&text),
        Parsed::Window(traces) => open_window(&traces),
        #[cfg(feature = "gui")]
        Parsed::Render(args) => render(&args),
        Parsed::Command(command) => cli::run(&command),
    })
}

#[cfg(feature = "gui")]
fn open_window(traces: &[PathBuf]) -> Result<Status, Failure> {
    let settings = ui::Settings { saving: Some(&cli::SAVING), ..ui::Settings::default() };
    match ui::run(traces, settings) {
        Ok(()) => Ok(Status::Fine),
        Err(why) => cli::instead_of_window(traces, &why.to_string()),
    }
}

#[cfg(not(feature = "gui"))]
fn open_window(traces: &[PathBuf]) -> Result<Status, Failure> {
    cli::instead_of_window(traces, "this program was built without it")
}

#[cfg(feature = "gui")]
fn render(args: &cli::RenderArgs) -> Result<Status, Failure> {
    let settings = ui::Settings {
        theme: Some(match args.theme {
            cli::Theme::Dark => ui::ThemeChoice::Dark,
            cli::Theme::Light => ui::ThemeChoice::Light,
        }),
        view: args.view.map(|view| match view {
            cli::View::Timeline => ui::View::Timeline,
            cli::View::Cancel => ui::View::Cancel,
            cli::View::Late => ui::View::Late,
            cli::View::Compare => ui::View::Compare,
        }),
        select: args.select.clone(),
        ..ui::Settings::default()
    };
    let size = [args.size.0 as usize, args.size.1 as usize];
    let drawing = ui::picture(&args.traces, size, settings).map_err(Failure::said)?;
    for damage in &drawing.damage {
        cli::tell(&damage.path, &damage.warnings, damage.complete, args.read)?;
    }
    let encode = |out: &mut dyn std::io::Write| drawing.picture.write_png(out).map_err(Into::into);
    cli::write_sparing(&args.traces, &args.output, encode).map(|()| Status::Fine)
}
