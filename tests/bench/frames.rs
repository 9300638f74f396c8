//! How long the window's frames take on a trace: `cargo bench --bench frames`.
//!
//! Opens the trace that `OVERSTAY_BENCH_TRACE` names (the largest of the examples else) in the
//! window's content, without a window, at 1920 × 1080, and goes on a tour: the whole, down to a
//! microsecond, across, through all lanes, sorted anew, from late exit to late exit, the cancel
//! view. A frame is all that the UI thread does for it: answers, commands, layout, the scene, and
//! the tessellation to triangles. What is left is the driver's. It is counted in processor time,
//! where the system tells it, so that other programs do not count.
//!
//! Also prints how long after the file was chosen the first lanes were there, and how much
//! memory the process took before and after the tour.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::{Event, Key, Modifiers, Pos2, RawInput, Rect, Vec2, pos2, vec2};
use overstay::scene::Sort;
use overstay::ui::{App, Settings};

/// The screen, in pixels.
const SCREEN: Vec2 = vec2(1920.0, 1080.0);
/// How long the work behind the window may take.
const PATIENCE: Duration = Duration::from_mins(5);

fn main() {
    let path = std::env::var_os("OVERSTAY_BENCH_TRACE").map_or_else(largest_example, PathBuf::from);
    println!("{}", path.display());
    let mut stage = Stage::new(&path);
    stage.open();
    stage.tour();
}

fn largest_example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/sleep-in-handler/before.trace")
}

/// The window's content and a clock of its own.
struct Stage {
    ctx: egui::Context,
    app: App,
    chosen: Instant,
    time: f64,
    pointer: Pos2,
    events: Vec<Event>,
}

/// The thread's processor time.
#[cfg(unix)]
fn clock() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs().try_into().unwrap_or(0))
}

/// The time, where nothing better is known.
#[cfg(not(unix))]
fn clock() -> Duration {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}

/// What one frame cost.
#[derive(Clone, Copy)]
struct Cost {
    ui: Duration,
    tessellation: Duration,
    vertices: usize,
}

impl Cost {
    fn whole(&self) -> Duration {
        self.ui + self.tessellation
    }
}

impl Stage {
    fn new(path: &Path) -> Self {
        let ctx = egui::Context::default();
        let chosen = Instant::now();
        let app = App::new(&ctx, &[path.to_owned()], Settings::default());
        Self { ctx, app, chosen, time: 0.0, pointer: pos2(900.0, 400.0), events: Vec::new() }
    }

    /// Runs one frame with the events that have gathered.
    fn frame(&mut self) -> Cost {
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SCREEN)),
            time: Some(self.time),
            focused: true,
            events: std::mem::take(&mut self.events),
            ..RawInput::default()
        };
        let begun = clock();
        self.app.update(&self.ctx);
        let app = &mut self.app;
        let mut output = self.ctx.run_ui(input, |ui| app.show_ui(ui));
        let ui = clock().saturating_sub(begun);
        output.textures_delta.clear();
        let begun = clock();
        let primitives = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        let tessellation = clock().saturating_sub(begun);
        let vertices = primitives.iter().map(|clipped| match &clipped.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
            egui::epaint::Primitive::Callback(_) => 0,
        });
        Cost { ui, tessellation, vertices: vertices.sum() }
    }

    /// Runs frames until all work is done.
    fn settle(&mut self) {
        let begun = Instant::now();
        let mut quiet = 0;
        while quiet < 4 {
            assert!(begun.elapsed() < PATIENCE, "the window does not come to rest");
            let _ = self.frame();
            quiet = if self.app.is_settled() { quiet + 1 } else { 0 };
            if quiet == 0 {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }

    fn open(&mut self) {
        let mut first = None;
        let mut worst = Duration::ZERO;
        while first.is_none() || !self.app.is_settled() {
            assert!(self.chosen.elapsed() < PATIENCE, "the trace does not open");
            assert!(self.app.messages().is_empty(), "{:?}", self.app.messages());
            worst = worst.max(self.frame().whole());
            if first.is_none() && self.app.n_lanes() > 0 {
                first = Some((self.chosen.elapsed(), self.app.is_preview()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let (first, preview) = first.unwrap_or_default();
        let part = if preview { "of the beginning" } else { "of the whole" };
        println!(
            "opened: first lanes ({part}) after {:.0} ms, all after {:.2} s, {} lanes; \
             worst frame meanwhile {:.1} ms",
            first.as_secs_f64() * 1e3,
            self.chosen.elapsed().as_secs_f64(),
            self.app.n_lanes(),
            worst.as_secs_f64() * 1e3,
        );
        self.settle();
    }

    fn press(&mut self, key: Key, modifiers: Modifiers) {
        for pressed in [true, false] {
            self.events.push(Event::Key {
                key,
                physical_key: None,
                pressed,
                repeat: false,
                modifiers,
            });
        }
    }

    fn point(&mut self, at: Pos2) {
        self.pointer = at;
        self.events.push(Event::PointerMoved(at));
    }

    /// Turns the wheel, in points.
    fn wheel(&mut self, delta: Vec2) {
        self.events.push(Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta,
            phase: egui::TouchPhase::Move,
            modifiers: Modifiers::NONE,
            source: egui::MouseWheelSource::Unknown,
        });
    }

    /// Runs `n` frames, each after an input of its own, and prints what they cost.
    fn leg(&mut self, name: &str, n: usize, mut input: impl FnMut(&mut Self, usize)) {
        let mut costs = Vec::with_capacity(n);
        for at in 0..n {
            input(self, at);
            costs.push(self.frame());
        }
        report(name, &costs);
        self.settle();
    }

    fn tour(&mut self) {
        println!(
            "{:<42} {:>6} {:>7} {:>7} {:>7} = {:>5} + {:>5} {:>9}",
            "ms", "frames", "median", "p90", "worst", "ui", "tess", "vertices"
        );
        let middle = pos2(1000.0, 420.0);
        self.point(middle);
        let at_first = resident_mb();
        let hover = |stage: &mut Self, at: usize| {
            stage.point(middle + vec2(wave(at, 97) * 560.0, wave(at, 61) * 260.0));
        };
        self.leg("everything, pointer moving", 120, hover);
        self.leg("down to a microsecond", 160, |stage, at| {
            stage.point(middle + vec2(wave(at, 97), 0.0));
            stage.events.push(Event::Zoom(1.12));
        });
        self.leg("and up again", 160, |stage, _| stage.events.push(Event::Zoom(1.0 / 1.12)));
        self.press(Key::Num0, Modifiers::NONE);
        self.settle();
        for (name, zoom) in [("a tenth, across", 10.0), ("a thousandth, across", 1000.0)] {
            self.point(pos2(620.0, 420.0));
            self.events.push(Event::Zoom(zoom));
            self.settle();
            self.leg(name, 240, |stage, _| stage.wheel(vec2(-70.0, 0.0)));
            self.press(Key::Num0, Modifiers::NONE);
            self.settle();
        }
        let panned = resident_mb();
        self.scroll("groups as they come");
        self.press(Key::X, Modifiers::SHIFT);
        self.settle();
        self.scroll("all groups open");
        self.events.push(Event::Zoom(40.0));
        self.settle();
        self.scroll("all groups open, zoomed in");
        self.press(Key::Num0, Modifiers::NONE);
        self.settle();
        self.sort();
        self.leg("from late exit to late exit", 60, |stage, at| {
            if at.is_multiple_of(2) {
                stage.press(Key::N, Modifiers::NONE);
            }
        });
        self.press(Key::Escape, Modifiers::NONE);
        self.settle();
        self.press(Key::Num2, Modifiers::NONE);
        self.settle();
        self.leg("cancel view, scrolled", 120, |stage, _| stage.wheel(vec2(0.0, -900.0)));
        self.leg("cancel view, zoomed", 80, |stage, _| stage.events.push(Event::Zoom(1.1)));
        self.press(Key::Num3, Modifiers::NONE);
        self.settle();
        self.point(pos2(700.0, 800.0));
        self.leg("late exits, scrolled", 80, |stage, _| stage.wheel(vec2(0.0, -400.0)));
        self.press(Key::Num1, Modifiers::NONE);
        self.settle();
        let at_last = resident_mb();
        println!(
            "memory: {at_first} MB at first, {panned} MB after zooming and panning, {at_last} MB \
             with the wakes by waker and the rows of the cancel view"
        );
    }

    /// Sorts the lanes by start, by lateness and back, as one does by the list of commands. Each
    /// time counts all frames until the new order is shown, the one that takes it over as well.
    fn sort(&mut self) {
        let mut costs = Vec::new();
        let (start, lateness) = ((Sort::Start, "start"), (Sort::Lateness, "lateness"));
        for (sort, by) in [start, lateness, start, lateness] {
            let open = Modifiers { command: true, ctrl: true, shift: true, ..Modifiers::NONE };
            self.press(Key::P, open);
            // The list is there after one frame, and takes what is typed after another.
            costs.extend([self.frame(), self.frame()]);
            self.events.push(Event::Text(format!("sort lanes by {by}")));
            costs.push(self.frame());
            self.press(Key::Enter, Modifiers::NONE);
            let mut quiet = 0;
            while quiet < 3 {
                costs.push(self.frame());
                quiet = if self.app.is_settled() { quiet + 1 } else { 0 };
                std::thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(self.app.sorted_by(), Some(sort), "the new order is not shown");
        }
        report("sorted by start, by lateness, and back", &costs);
        self.settle();
    }

    /// Scrolls down in steps of a page, and on by leaps to the end.
    fn scroll(&mut self, name: &str) {
        self.point(pos2(1000.0, 420.0));
        self.leg(&format!("{name}, by pages"), 120, |stage, _| {
            stage.press(Key::PageDown, Modifiers::NONE);
        });
        self.leg(&format!("{name}, by leaps"), 80, |stage, at| {
            let down = if at < 60 { -2.0e6 } else { 6.0e6 };
            stage.wheel(vec2(0.0, down));
        });
    }
}

/// A wave of `period` frames, -1 to 1.
fn wave(at: usize, period: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let turn = (at % period) as f32 / period as f32;
    (turn * std::f32::consts::TAU).sin()
}

fn report(name: &str, costs: &[Cost]) {
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    let mut whole: Vec<Duration> = costs.iter().map(Cost::whole).collect();
    whole.sort_unstable();
    let (median, worst) = (whole[whole.len() / 2], whole[whole.len() - 1]);
    let of_worst = costs.iter().find(|cost| cost.whole() == worst).expect("it is one of them");
    println!(
        "{name:<42} {:>6} {:>7.2} {:>7.2} {:>7.2} = {:>5.2} + {:>5.2} {:>9}",
        costs.len(),
        ms(median),
        ms(whole[whole.len() * 9 / 10]),
        ms(worst),
        ms(of_worst.ui),
        ms(of_worst.tessellation),
        of_worst.vertices,
    );
}

/// Resident memory of this process in megabytes, 0 where that is not known.
#[expect(clippy::disallowed_methods, reason = "the system tells it in a file")]
fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kb.unwrap_or(0) / 1000
}
