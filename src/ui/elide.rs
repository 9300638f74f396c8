//! Text that is cut in its middle: of a function's name or a sentence the end (`.func3`,
//! `(main.go:93)`) tells as much as the beginning.

use std::sync::Arc;

use egui::epaint::text::cursor::CCursor;
use egui::text::CharIndex;
use egui::{
    Align2, Color32, FontId, Galley, Painter, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo,
    vec2,
};

/// What stands for what was left out.
const GAP: &str = "…";
/// How much of the room the end has at least: it is what tells two names apart.
const END: f32 = 0.66;
/// What looks like a part of the gap beside it.
const BESIDE_GAP: [char; 9] = [' ', '.', ',', ':', ';', '/', '(', '[', '*'];

/// A line of text within a width, without its middle if there is no room for all; says whether it
/// was cut. What it lays out is kept by egui from frame to frame; besides that it costs a walk
/// along the line.
pub(crate) fn galley(
    painter: &Painter,
    text: &str,
    font: &FontId,
    color: Color32,
    width_px: f32,
) -> (Arc<Galley>, bool) {
    let lay_out = |text: String| painter.layout_no_wrap(text, font.clone(), color);
    whole_or(lay_out(text.to_owned()), width_px, |whole| {
        let gap_px = lay_out(GAP.to_owned()).size().x;
        let room_px = (width_px - gap_px).max(0.0);
        let chars: Vec<char> = text.chars().collect();
        let (start, end) = ends(whole, &chars, room_px);
        let head: String = chars[..start].iter().collect();
        let tail: String = chars[end..].iter().collect();
        lay_out(format!("{head}{GAP}{tail}"))
    })
}

/// A line if there is room for all of it, else what `cut` makes of it; says whether that was so.
fn whole_or(
    whole: Arc<Galley>,
    width_px: f32,
    cut: impl FnOnce(&Galley) -> Arc<Galley>,
) -> (Arc<Galley>, bool) {
    if whole.size().x <= width_px { (whole, false) } else { (cut(&whole), true) }
}

/// A sentence of what somebody did, `slept 80 ms in main.lateWork (main.go:22)`, within a width: of
/// that only the function's name is cut. What was done, for how long and what for is left whole
/// as long as there is room for it; says whether something was cut.
fn sentence_galley(
    painter: &Painter,
    text: &str,
    font: &FontId,
    color: Color32,
    width_px: f32,
) -> (Arc<Galley>, bool) {
    let lay_out = |text: String| painter.layout_no_wrap(text, font.clone(), color);
    let wide_px = |text: &str| lay_out(text.to_owned()).size().x;
    whole_or(lay_out(text.to_owned()), width_px, |_| {
        let (did, place) = placed(text).map_or((text, None), |(did, place)| (did, Some(place)));
        if let Some((function, line)) = place {
            let room_px = width_px - wide_px(&format!("{did} in  {line}"));
            if room_px >= wide_px(GAP) {
                let (name, _) = galley(painter, function, font, color, room_px);
                return lay_out(format!("{did} in {} {line}", name.text()));
            }
            let less = [format!("{did} {GAP} {line}"), format!("{did} {GAP}")].map(lay_out);
            if let Some(less) = less.into_iter().find(|less| less.size().x <= width_px) {
                return less;
            }
        }
        super::widgets::cut_galley(painter, did, font.clone(), color, width_px)
    })
}

/// What was done, and in which function and on which line, as `describe` words it.
fn placed(text: &str) -> Option<(&str, (&str, &str))> {
    let (did, place) = text.rsplit_once(" in ")?;
    let (function, line) = place.split_once(' ')?;
    let is_line = line.starts_with('(') && line.ends_with(')') && !line.contains(' ');
    is_line.then_some((did, (function, line)))
}

/// Up to which character the beginning goes, and from which on the end, within `room_px` together.
fn ends(whole: &Galley, chars: &[char], room_px: f32) -> (usize, usize) {
    let y = whole.size().y / 2.0;
    let near = |x: f32| whole.cursor_from_pos(vec2(x, y)).index.0;
    let left_of = |at: usize| {
        let cursor = CCursor { index: CharIndex(at), prefer_next_row: false };
        whole.pos_from_cursor(cursor).left()
    };
    let width_px = whole.size().x;
    let fits = |at: usize| width_px - left_of(at) <= room_px;
    let from = |share: f32| {
        let at = near(width_px - share * room_px);
        let at = if width_px - left_of(at) > share * room_px { at + 1 } else { at };
        at.min(chars.len())
    };
    let end = if chars.contains(&' ') { from(END) } else { name_end(chars, from(1.0)) };
    let end = tidy_end(chars, end, fits);
    // What the end leaves is the beginning's.
    let head_px = room_px - (width_px - left_of(end));
    let mut start = near(head_px.max(0.0));
    if start > 0 && left_of(start) > head_px {
        start -= 1;
    }
    (tidy_start(chars, start.min(end)), end)
}

/// Where the end of a function's name begins: with as many of its last parts as there is room for
/// from `first` on, or else there: of one part alone it is the end that tells it from others.
fn name_end(chars: &[char], first: usize) -> usize {
    let begins = |&at: &usize| at > 0 && matches!(chars[at - 1], '.' | '/');
    let whole = (first..chars.len()).find(begins);
    // The last part alone can be next to nothing: `1`.
    whole.filter(|&at| chars.len() - at >= 4).unwrap_or(first)
}

/// The word around or after a place.
fn word_at(chars: &[char], at: usize) -> (usize, usize) {
    let is_space = |c: &char| *c == ' ';
    let start = chars[..at].iter().rposition(is_space).map_or(0, |space| space + 1);
    let end = chars[at..].iter().position(is_space).map_or(chars.len(), |space| at + space);
    (start, end)
}

/// Whether a word is a number or a goroutine's id: a part of it would be another one.
fn is_number(word: &[char]) -> bool {
    match word {
        [first, ..] if first.is_ascii_digit() => true,
        ['−' | '-' | '+' | '(', rest @ ..] => is_number(rest),
        ['g', rest @ ..] => rest.first().is_some_and(char::is_ascii_digit),
        _ => false,
    }
}

/// Whether a word counts what the number before it says.
fn is_unit(word: &[char]) -> bool {
    let word: String = word.iter().filter(|c| c.is_alphanumeric()).collect();
    matches!(word.as_str(), "ns" | "µs" | "ms" | "s" | "min" | "h" | "ticks")
}

/// Moves the place where the end begins so that it begins with something whole.
fn tidy_end(chars: &[char], mut end: usize, fits: impl Fn(usize) -> bool) -> usize {
    if end < chars.len() {
        let (word, after) = word_at(chars, end);
        let before = word.saturating_sub(1);
        let number = if is_unit(&chars[word..after]) { word_at(chars, before).0 } else { word };
        if is_number(&chars[number..after]) && end > number {
            end = if fits(number) { number } else { after };
        } else if end > word
            && let Some(part) = chars[end..after].iter().take(3).position(|c| "./(".contains(*c))
        {
            end += part;
        } else if end > word && after - end < 3 && after < chars.len() {
            end = after;
        }
    }
    let beside = |c: &char| BESIDE_GAP.contains(c) && !matches!(c, '(' | '[' | '*');
    while chars.get(end).is_some_and(beside) {
        end += 1;
    }
    end
}

/// Moves the place where the beginning ends so that it ends with something whole.
fn tidy_start(chars: &[char], mut start: usize) -> usize {
    if start < chars.len() && chars[start] != ' ' {
        let (word, after) = word_at(chars, start);
        let is_part = start - word < 3 && word > 0;
        if is_number(&chars[word..after]) || is_unit(&chars[word..after]) || is_part {
            start = word;
        }
    }
    let trimmed = |chars: &[char]| {
        chars.iter().rposition(|c| !BESIDE_GAP.contains(c)).map_or(0, |last| last + 1)
    };
    start = trimmed(&chars[..start]);
    // A number without its unit is none.
    let (word, after) = word_at(chars, start);
    let next = chars.get(after + 1..).unwrap_or_default();
    let next = &next[..next.iter().position(|c| *c == ' ').unwrap_or(next.len())];
    if start == after && is_number(&chars[word..start]) && is_unit(next) {
        start = trimmed(&chars[..word]);
    }
    start
}

/// Writes a line of text with its left middle at `at`, cut in its middle to a width.
pub(crate) fn text_at(
    painter: &Painter,
    at: Pos2,
    text: &str,
    font: &FontId,
    color: Color32,
    width_px: f32,
) -> Rect {
    let (galley, _) = galley(painter, text, font, color, width_px);
    let rect = Align2::LEFT_CENTER.anchor_size(at, galley.size());
    painter.galley(rect.min, galley, color);
    rect
}

/// A label within the room there is, cut in its middle; all of it is in the tooltip then, and
/// what a screen reader says.
pub(crate) fn label_ui(ui: &mut Ui, text: &str, font: &FontId, color: Color32) -> Response {
    let (response, is_cut) = paint_ui(ui, text, font, color, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    if is_cut { response.on_hover_text(text) } else { response }
}

/// The same of a name that is short for another: its tooltip is all of that one, where it tells
/// more than what is seen.
pub(crate) fn label_ui_of(
    ui: &mut Ui,
    text: &str,
    whole: &str,
    font: &FontId,
    color: Color32,
) -> Response {
    if text == whole {
        return label_ui(ui, text, font, color);
    }
    let (response, _) = paint_ui(ui, text, font, color, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response.on_hover_text(whole)
}

/// The same of a sentence of what somebody did, of which only the function is cut.
pub(crate) fn sentence_ui(ui: &mut Ui, text: &str, font: &FontId, color: Color32) -> Response {
    let cut = sentence_galley(ui.painter(), text, font, color, ui.available_width());
    let (response, is_cut) = show_ui(ui, cut, color, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    if is_cut { response.on_hover_text(text) } else { response }
}

/// Paints a line within the room there is; gives whether it was cut, too.
fn paint_ui(
    ui: &mut Ui,
    text: &str,
    font: &FontId,
    color: Color32,
    sense: Sense,
) -> (Response, bool) {
    let cut = galley(ui.painter(), text, font, color, ui.available_width());
    show_ui(ui, cut, color, sense)
}

fn show_ui(
    ui: &mut Ui,
    (galley, is_cut): (Arc<Galley>, bool),
    color: Color32,
    sense: Sense,
) -> (Response, bool) {
    let (rect, response) = ui.allocate_exact_size(galley.size(), sense);
    ui.painter().galley(rect.min, galley, color);
    (response, is_cut)
}

/// The same as a link with a tooltip.
pub(crate) fn link_ui(
    ui: &mut Ui,
    text: &str,
    font: &FontId,
    color: Color32,
    tip: &str,
) -> Response {
    let (response, is_cut) = paint_ui(ui, text, font, color, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, text));
    if response.hovered() || response.has_focus() {
        let stroke = egui::Stroke::new(1.0, color);
        ui.painter().hline(response.rect.x_range(), response.rect.bottom() - 0.5, stroke);
    }
    let tip = if is_cut { format!("{text}\n{tip}") } else { tip.to_owned() };
    response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(tip)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a text in so many points, and how wide that is.
    fn cut(text: &str, width_px: f32) -> (String, f32) {
        cut_by(galley, text, width_px)
    }

    type Cut = fn(&Painter, &str, &FontId, Color32, f32) -> (Arc<Galley>, bool);

    fn cut_by(galley: Cut, text: &str, width_px: f32) -> (String, f32) {
        let ctx = egui::Context::default();
        let mut got = (String::new(), 0.0);
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let font = FontId::proportional(12.0);
            let (galley, _) = galley(ui.painter(), text, &font, Color32::PLACEHOLDER, width_px);
            got = (galley.text().to_owned(), galley.size().x);
        });
        output.textures_delta.clear();
        got
    }

    #[test]
    fn the_end_of_what_is_cut_is_kept() {
        let text = "slept 61 ms in http_test.testTimeoutHandlerRace.func1 (serve_test.go:2727)";
        assert_eq!(cut(text, 2_000.0).0, text);
        for width_px in [120.0, 180.0, 240.0, 300.0] {
            let (cut, is_px) = cut(text, width_px);
            assert!(is_px <= width_px + 0.5, "{cut}: {is_px} of {width_px}");
            assert!(is_px > width_px - 36.0, "{cut}: {is_px} of {width_px}");
            assert!(cut.starts_with("slept") && cut.contains('…'), "{cut}");
            assert!(cut.ends_with("go:2727)"), "{cut}");
        }
        for width_px in [0.0, 5.0, 20.0] {
            assert!(cut(text, width_px).0.contains('…'));
        }
        assert_eq!(cut("", 0.0).0, "");
    }

    #[test]
    fn of_a_sentence_only_the_function_is_cut() {
        let did = "waited 1.23 s to receive from a channel";
        let text = format!("{did} in v3discovery.(*discovery).stopAllOfThem (discovery.go:321)");
        let [mut whole, mut without] = [0, 0];
        for width_px in (250_u16..460).map(f32::from) {
            let (cut, is_px) = cut_by(sentence_galley, &text, width_px);
            assert!(is_px <= width_px + 1.0, "{cut}: {is_px} of {width_px}");
            assert!(cut.starts_with(did), "{cut}: in {width_px}");
            match cut.strip_prefix(did).unwrap_or_default() {
                " …" | " … (discovery.go:321)" => without += 1,
                place => {
                    assert!(place.starts_with(" in "), "{cut}");
                    assert!(place.ends_with(" (discovery.go:321)"), "{cut}");
                    whole += 1;
                }
            }
        }
        assert!(whole > 50 && without > 20, "{whole}, {without}");
        let (cut, is_px) = cut_by(sentence_galley, "waited 1.23 s for a processor", 90.0);
        assert!(cut.starts_with("waited 1.23 s") && is_px <= 90.0, "{cut}: {is_px}");
        assert_eq!(cut_by(sentence_galley, did, 2_000.0).0, did);
    }

    #[test]
    fn names_keep_what_tells_them_apart() {
        for width_px in [60.0, 70.0, 80.0, 90.0] {
            let [store, read] = ["main.storeWorker", "main.readWorker"];
            assert_ne!(cut(store, width_px).0, cut(read, width_px).0, "{width_px}");
        }
        let name = "v2.(*executor).sendOutForRescheduling.stop";
        for width_px in (40_u8..220).map(f32::from) {
            let (cut, is_px) = cut(name, width_px);
            assert!(is_px <= width_px + 0.5, "{cut}: {is_px} of {width_px}");
            assert!(cut.ends_with("stop"), "{cut}");
            assert!(!cut.contains(".…") && !cut.contains("….") && !cut.contains("(*…"), "{cut}");
        }
    }

    #[test]
    fn ids_and_times_are_never_cut() {
        let numbers = ["g1234", "37.1014 s", "53.7 ms", "g51"];
        for text in [
            "created by g1234 main.deploy",
            "Explicit cancel at 37.1014 s",
            "ran for 53.7 ms in main.summarize",
            "from g51 to g1234 within 53.7 ms",
        ] {
            for width_px in (30_u8..250).map(f32::from) {
                let (cut, is_px) = cut(text, width_px);
                assert!(is_px <= width_px + 0.5, "{cut}: {is_px} of {width_px}");
                let mut left = cut.clone();
                for number in numbers {
                    left = left.replace(number, "");
                }
                assert!(!left.contains(|c: char| c.is_ascii_digit()), "{cut}");
            }
        }
    }

    #[test]
    fn text_of_many_bytes_a_letter_is_cut_between_letters() {
        let (cut, _) = cut("süß.(*Größenänderung).händler.func1", 120.0);
        assert!(cut.ends_with("func1") && cut.starts_with("süß"), "{cut}");
    }
}
