//! The beginning of a large trace, shown while the rest is being read.
//!
//! A file is opened in two steps: its first generations give a trace of their own within a few
//! tenths of a second, whatever its size; then all of it is read, and takes the place of the
//! beginning as if the file had been read again.

use super::answer::Answer;
use super::app::App;
use super::command::Origin;
use super::jobs::Lane;
use super::open::{self, Opened, Request};
use super::slot::Slot;

impl App {
    /// What to open in a slot, by what the window is set to now.
    pub(super) fn request(&self, slot: Slot, origin: Origin, thorough: bool) -> Request {
        let rules = self.state.prefs.rules();
        Request { origin, rules, row_options: self.row_options(slot), thorough }
    }

    /// Opens a trace, or its beginning if it is a large one.
    pub(super) fn begin_to_open(&mut self, slot: Slot, origin: Origin) {
        let title = format!("Opening {}", origin.name());
        let beginning = self.beginning;
        let request = self.request(slot, origin, false);
        self.jobs.start(Lane::Open(slot), title, move |progress| {
            let preview = beginning.and_then(|part| open::preview(&request, part, progress));
            if let Some(opened) = preview {
                let origin = request.origin;
                return Answer::Previewed { slot, origin, opened: Box::new(opened) };
            }
            let result = open::open(&request, progress).map(Box::new);
            Answer::Opened { slot, result, origin: request.origin }
        });
    }

    /// Puts the beginning of a trace in its slot, and reads on.
    pub(super) fn put_preview(&mut self, slot: Slot, origin: Origin, opened: Opened) {
        self.put(slot, origin, opened);
        self.read_on(slot);
    }

    /// Reads all of a trace whose beginning is shown.
    pub(super) fn read_on(&mut self, slot: Slot) {
        let Some(sheet) = self.sheets[slot].as_ref().filter(|sheet| sheet.is_preview) else {
            return;
        };
        let title = format!("Reading {}", sheet.origin.name());
        self.read_again(slot, title, sheet.origin.clone());
    }

    /// Reads all of a trace that is shown, or of which the beginning is, while that stays.
    pub(super) fn read_again(&mut self, slot: Slot, title: String, origin: Origin) {
        let request = self.request(slot, origin, true);
        self.jobs.start(Lane::Open(slot), title, move |progress| {
            let result = open::open(&request, progress).map(Box::new);
            Answer::Reopened { slot, result, origin: request.origin }
        });
    }

    /// Stops what is being read. The beginning of a trace stays, and says that it is one.
    pub(super) fn stop_opening(&mut self) {
        for slot in Slot::BOTH {
            self.jobs.cancel(Lane::Open(slot));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::base::Interval;
    use crate::load::{Form, SaveError, Saving, Writing};
    use crate::scene::{SectionKey, Viewport};
    use crate::ui::app::Settings;
    use crate::ui::command::{Command, Effect};
    use crate::ui::open::Beginning;
    use crate::ui::saving::{SaveAs, SaveForm};
    use crate::ui::sheet::Sheet;
    use crate::ui::state::{Role, Selected, View, What};

    /// A trace of three generations, of which the first is within the first 20 kB.
    fn trace() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/polling-sleep/before.trace")
    }

    /// What is saved is a folder, since only the command line writes files.
    fn place(_: &[PathBuf], path: &Path, _: bool, _: &mut Writing<'_>) -> Result<(), SaveError> {
        std::fs::create_dir(path).map_err(|err| SaveError::Failed(err.to_string()))
    }

    /// One form of report.
    const SAVING: Saving = Saving {
        forms: &[Form { title: "Report", extension: "txt", n_traces: 1, write: |_, _| Ok(()) }],
        place,
    };

    /// One of the old format.
    fn old_trace() -> PathBuf {
        trace().with_file_name("before.go1.21.trace")
    }

    /// The window, and its frames.
    struct Stage {
        ctx: egui::Context,
        app: App,
    }

    impl Stage {
        fn open() -> Self {
            Self::of(trace())
        }

        fn of(path: PathBuf) -> Self {
            let ctx = egui::Context::default();
            let settings = Settings { saving: Some(&SAVING), ..Settings::default() };
            let mut app = App::new(&ctx, &[path], settings);
            app.beginning = Some(Beginning {
                of_longer_than: 0,
                bytes: 20_000,
                unpacked_bytes: [3_000, 20_000, 25_000],
                events: 1000,
            });
            Self { ctx, app }
        }

        fn frame(&mut self) {
            self.shapes();
        }

        /// All that one frame draws.
        fn shapes(&mut self) -> Vec<egui::epaint::ClippedShape> {
            self.app.update(&self.ctx);
            let size = egui::vec2(1200.0, 800.0);
            let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
            let input = egui::RawInput { screen_rect: Some(screen), ..egui::RawInput::default() };
            let mut output = self.ctx.run_ui(input, |ui| self.app.show_ui(ui));
            output.textures_delta.clear();
            output.shapes
        }

        /// All texts of one frame.
        fn texts(&mut self) -> String {
            fn of(shape: &egui::Shape) -> String {
                match shape {
                    egui::Shape::Text(text) => format!("{}\n", text.galley.text()),
                    egui::Shape::Vec(shapes) => shapes.iter().map(of).collect(),
                    _ => String::new(),
                }
            }
            self.shapes().iter().map(|clipped| of(&clipped.shape)).collect()
        }

        /// Runs frames until something is so.
        fn until(&mut self, so: impl Fn(&App) -> bool) {
            let begun = Instant::now();
            while !so(&self.app) {
                assert!(begun.elapsed() < Duration::from_secs(20), "it does not come to that");
                self.frame();
                std::thread::sleep(Duration::from_millis(1));
            }
        }

        /// Takes the first answer, but for the one that follows it.
        fn until_preview(&mut self) {
            self.until(App::is_preview);
            assert!(self.app.jobs.is_busy(Lane::Open(Slot::Before)), "it reads on");
        }

        fn sheet(&self) -> &Sheet {
            self.app.sheets[Slot::Before].as_ref().expect("a trace is open")
        }
    }

    #[test]
    fn the_beginning_is_shown_and_then_all_with_the_same_looked_at_and_selected() {
        let mut stage = Stage::open();
        stage.until_preview();
        let sheet = stage.sheet();
        let (first, n_lanes) = (sheet.interval(), stage.app.n_lanes());
        assert!(n_lanes > 0, "lanes come with it");
        let goroutine = sheet.trace().goroutines().nth(7).expect("it has some");
        let id = sheet.trace().life(goroutine).id;
        let seen = Interval::new(first.start + 100_000_000, first.start + 200_000_000);
        let mut viewport = Viewport::new(first, 1000.0);
        viewport.show(seen, 0.0);
        stage.app.state.viewport = Some(viewport);
        let what = What::Goroutine(goroutine);
        stage.app.state.selected = Some(Selected { slot: Slot::Before, what });
        let creators = std::iter::once((SectionKey::CreatedBy(Some(goroutine)), true)).collect();
        stage.app.out.send(Command::SetFolds(Slot::Before, creators));
        stage.until(|app| !app.is_preview() && app.is_settled());
        let sheet = stage.sheet();
        assert!(sheet.interval().ns() > 2 * first.ns(), "all of it");
        assert_eq!(sheet.interval().start, first.start, "on the same clock");
        assert!(stage.app.n_lanes() > n_lanes);
        let viewport = stage.app.state.viewport.expect("a trace is open");
        assert_eq!(viewport.bounds(), sheet.interval());
        assert!((viewport.visible().start - seen.start).abs() < 2_000_000, "{viewport:?}");
        assert!((viewport.visible().end - seen.end).abs() < 2_000_000, "{viewport:?}");
        match stage.app.state.selected.map(|selected| selected.what) {
            Some(What::Goroutine(row)) => assert_eq!(sheet.trace().life(row).id, id),
            other => panic!("another selection: {other:?}"),
        }
        let mut folds = stage.app.state.rows.folds[Slot::Before].iter();
        match folds.next() {
            Some((SectionKey::CreatedBy(Some(row)), true)) => {
                assert_eq!(sheet.trace().life(*row).id, id);
            }
            other => panic!("another section: {other:?}"),
        }
        assert!(stage.app.messages().is_empty(), "{:?}", stage.app.messages());
    }

    #[test]
    fn who_looked_at_all_looks_at_all() {
        let mut stage = Stage::open();
        stage.until_preview();
        stage.until(|app| !app.is_preview() && app.is_settled());
        let viewport = stage.app.state.viewport.expect("a trace is open");
        let (seen, all) = (viewport.visible(), stage.sheet().interval());
        assert!(seen.start <= all.start && seen.end >= all.end, "{seen:?} of {all:?}");
    }

    #[test]
    fn the_old_format_has_a_beginning_too() {
        has_a_beginning_of_its_own(Stage::of(old_trace()));
    }

    #[test]
    fn the_old_format_has_a_beginning_too_when_it_is_compressed() {
        let bytes = include_bytes!("../../traces/polling-sleep/before.go1.21.trace");
        let packed = packed(bytes);
        has_a_beginning_of_its_own(Stage::of(packed.path().to_owned()));
    }

    /// A file with these bytes, compressed.
    fn packed(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut packed = tempfile::NamedTempFile::new().expect("a file");
        let mut packer = flate2::write::GzEncoder::new(&mut packed, flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, bytes).expect("the bytes");
        packer.finish().expect("the end");
        packed
    }

    fn has_a_beginning_of_its_own(mut stage: Stage) {
        stage.until_preview();
        let (first, n_lanes) = (stage.sheet().interval(), stage.app.n_lanes());
        let names = |stage: &Stage| {
            let trace = stage.sheet().trace();
            let of = |row| trace.string(trace.life(row).name).to_owned();
            trace.goroutines().map(of).collect::<Vec<_>>()
        };
        let first_names = names(&stage);
        assert!(n_lanes > 0 && first_names.iter().any(|name| name.starts_with("main.")));
        stage.until(|app| !app.is_preview() && app.is_settled());
        let all = stage.sheet().interval();
        assert_eq!(first.start, all.start, "on the same clock");
        assert!(first.ns() > 0 && first.ns() < all.ns(), "{first:?} of {all:?}");
        assert!(stage.app.messages().is_empty(), "{:?}", stage.app.messages());
    }

    #[test]
    fn a_large_generation_has_a_beginning_too() {
        let mut stage = Stage::open();
        let part = stage.app.beginning.as_mut().expect("it was set");
        part.bytes = 2000;
        stage.until_preview();
        let first = stage.sheet().interval();
        let n_events = stage.sheet().trace().info().events;
        assert!((1000..1100).contains(&n_events), "{n_events} events");
        stage.until(|app| !app.is_preview() && app.is_settled());
        let all = stage.sheet().interval();
        assert_eq!(first.start, all.start, "on the same clock");
        assert!(first.ns() > 0 && first.ns() < all.ns(), "{first:?} of {all:?}");
    }

    #[test]
    fn a_large_generation_that_is_compressed_has_a_beginning_too() {
        let packed = packed(include_bytes!("../../traces/polling-sleep/before.trace"));
        let mut stage = Stage::of(packed.path().to_owned());
        let part = stage.app.beginning.as_mut().expect("it was set");
        part.bytes = 2000;
        stage.until_preview();
        let n_events = stage.sheet().trace().info().events;
        assert!((1000..1100).contains(&n_events), "{n_events} events");
        stage.until(|app| !app.is_preview() && app.is_settled());
        assert!(stage.app.messages().is_empty(), "{:?}", stage.app.messages());
    }

    #[test]
    fn a_beginning_stays_if_reading_is_stopped_and_goes_on_when_asked() {
        let mut stage = Stage::open();
        stage.until_preview();
        // At once, since the rest of a small file is soon read.
        stage.app.stop_opening();
        stage.until(App::is_settled);
        assert!(stage.app.is_preview(), "the beginning is still there");
        stage.app.out.send(Effect::ReadOn(Slot::Before));
        stage.frame();
        stage.until(|app| !app.is_preview());
    }

    #[test]
    fn a_beginning_is_not_saved_even_if_a_place_was_chosen() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report");
        let mut stage = Stage::open();
        stage.until_preview();
        stage.app.stop_opening();
        stage.until(App::is_settled);
        let save = |stage: &mut Stage, what| {
            let wish = SaveAs { what, path: path.clone(), replace: true };
            stage.app.place_chosen(Some(wish), false);
            // A window is laid out in its first frame.
            stage.frame();
            stage.frame();
            stage.until(App::is_settled);
        };
        for what in [SaveForm::Report(0), SaveForm::Picture] {
            save(&mut stage, what);
            assert!(!path.exists(), "{what:?}");
            let texts = stage.texts();
            assert_eq!(texts.matches("Once all of the trace").count(), 2, "it says why: {texts}");
        }
        stage.app.out.send(Effect::ReadOn(Slot::Before));
        stage.frame();
        stage.until(|app| !app.is_preview() && app.is_settled());
        save(&mut stage, SaveForm::Report(0));
        assert!(path.exists(), "all of it is saved");
    }

    #[test]
    fn a_beginning_without_late_exits_does_not_speak_for_all() {
        let mut stage = Stage::open();
        // So little that nothing has been cancelled yet.
        let beginning = stage.app.beginning.as_mut().expect("it was set");
        (beginning.bytes, beginning.events) = (2000, 20);
        stage.until_preview();
        stage.app.stop_opening();
        stage.until(App::is_settled);
        assert!(stage.app.is_preview());
        stage.app.out.send(Command::Show(View::Late));
        stage.frame();
        stage.until(|app| app.is_settled() && app.state.view == View::Late);
        // A table is laid out anew in its first frame.
        stage.frame();
        let texts = stage.texts();
        assert!(texts.contains("in the beginning of this trace"), "{texts}");
        assert!(!texts.contains("no evidence of a context"), "{texts}");
    }

    #[test]
    fn closing_a_beginning_stops_the_reading() {
        let mut stage = Stage::open();
        stage.until_preview();
        stage.app.out.send(Command::CloseAll);
        stage.frame();
        stage.until(App::is_settled);
        assert_eq!(stage.app.n_open(), 0);
        assert!(stage.app.messages().is_empty(), "{:?}", stage.app.messages());
    }

    #[test]
    fn a_trace_that_is_opened_beside_another_does_not_stop_the_reading_of_that() {
        let mut stage = Stage::open();
        stage.until_preview();
        let beside = vec![Origin::File(old_trace())];
        stage.app.out.send(Effect::Open(beside, Role::Compare));
        stage.frame();
        assert!(stage.app.jobs.is_busy(Lane::Open(Slot::Before)) || !stage.app.is_preview());
        stage.until(|app| app.n_open() == 2 && app.is_settled());
        assert!(!stage.app.is_preview(), "both are read to their ends");
    }

    #[test]
    fn a_beginning_is_not_called_better_or_worse() {
        let mut stage = Stage::open();
        stage.until_preview();
        stage.app.stop_opening();
        stage.until(App::is_settled);
        let beside = vec![Origin::File(trace().with_file_name("after.trace"))];
        stage.app.beginning = None;
        stage.app.out.send(Effect::Open(beside, Role::Compare));
        stage.frame();
        stage.until(|app| app.n_open() == 2 && app.is_settled() && app.diff.is_some());
        assert!(stage.app.is_preview());
        stage.frame();
        let texts = stage.texts();
        assert!(texts.contains("No verdict yet"), "{texts}");
        assert!(!texts.contains("than before"), "{texts}");
    }
}
