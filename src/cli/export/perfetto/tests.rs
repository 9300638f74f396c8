use std::collections::BTreeMap;

use prost::Message;

use super::super::tests::{documents, late_exits};
use super::proto::{CLEARED, InternedData, Trace, TrackEvent};
use super::*;
use crate::analysis::Rules;
use crate::base::{Progress, Time};
use crate::model::build;

fn packets(document: &Document) -> Trace {
    let mut out = Vec::new();
    write(&mut out, document).expect("a Vec takes all");
    Trace::decode(&out[..]).expect("packets")
}

/// What there is of a decoded trace, every number of it looked up.
#[derive(Default)]
struct Read {
    /// Each track's name and the one it lies in.
    tracks: BTreeMap<u64, (String, Option<u64>)>,
    /// Each track's events with their times and names.
    events: BTreeMap<u64, Vec<(u64, EventKind, String, TrackEvent)>>,
    /// The texts that were interned so far, by number.
    texts: [BTreeMap<u64, String>; 3],
}

impl Read {
    fn new(trace: &Trace) -> Self {
        let mut read = Self::default();
        for (at, packet) in trace.packet.iter().enumerate() {
            assert_eq!(packet.sequence, Some(1));
            let cleared = packet.sequence_flags.expect("flags") & CLEARED != 0;
            assert_eq!(cleared, at == 0, "texts are forgotten at the first packet only");
            read.learn(packet.interned.clone().unwrap_or_default());
            if let Some(track) = &packet.descriptor {
                let name = track.name.clone().expect("a name");
                assert!(track.parent.is_none_or(|parent| read.tracks.contains_key(&parent)));
                let known = read.tracks.insert(track.uuid.expect("a number"), (name, track.parent));
                assert_eq!(known, None, "a number is used once");
            }
            if let Some(event) = &packet.event {
                read.take(packet.timestamp.expect("a time"), event);
            }
        }
        read
    }

    fn learn(&mut self, interned: InternedData) {
        let all = [interned.event_names, interned.arg_names, interned.arg_texts];
        for (texts, new) in self.texts.iter_mut().zip(all) {
            for text in new {
                let (id, name) = (text.id.expect("a number"), text.name.expect("a text"));
                assert_eq!(texts.insert(id, name), None, "a number is used once");
            }
        }
    }

    fn take(&mut self, at: u64, event: &TrackEvent) {
        let track = event.track.expect("a track");
        assert!(self.tracks.contains_key(&track), "it has been described");
        let [names, arg_names, arg_texts] = &self.texts;
        let name = event.name.map(|id| names[&id].clone()).unwrap_or_default();
        for arg in &event.args {
            assert!(arg_names.contains_key(&arg.name.expect("a name")));
            assert!(arg.int.is_some() || arg_texts.contains_key(&arg.text.expect("a value")));
        }
        self.events.entry(track).or_default().push((at, event.kind(), name, event.clone()));
    }

    /// The tracks of a name, and of the tracks that these lie in.
    fn named(&self, name: impl Fn(&str) -> bool) -> Vec<u64> {
        let named = self.tracks.iter().filter(|(_, (it, _))| name(it));
        named.map(|(track, _)| *track).collect()
    }

    fn count(&self, tracks: &[u64], kind: EventKind) -> usize {
        let events = tracks.iter().filter_map(|track| self.events.get(track)).flatten();
        events.filter(|(_, it, _, _)| *it == kind).count()
    }
}

/// Times increase, and what begins ends.
fn check_order(path: &str, read: &Read) {
    for (track, events) in &read.events {
        let name = &read.tracks[track].0;
        let (mut last, mut open) = (0, 0);
        for (at, kind, _, _) in events {
            assert!(*at >= last, "{path}: {name}: {at} after {last}");
            last = *at;
            open += match kind {
                EventKind::Begin => 1,
                EventKind::End => -1,
                _ => 0,
            };
            assert!(open >= 0, "{path}: {name}: an end without a begin");
        }
        assert_eq!(open, 0, "{path}: {name}: a slice does not end");
    }
}

#[test]
fn a_perfetto_trace_has_all_of_the_model_and_each_slice_ends() {
    for (path, document) in documents() {
        let trace = document.trace();
        let read = Read::new(&packets(&document));
        check_order(&path, &read);
        let goroutines = read.named(|name| name.starts_with("goroutine "));
        assert_eq!(goroutines.len(), trace.n_goroutines() as usize, "{path}");
        let n_spans: usize = trace.goroutines().map(|it| trace.spans(it).count()).sum();
        assert_eq!(read.count(&goroutines, EventKind::Begin), n_spans, "{path}");

        let analysis = document.analysis();
        let cancels = read.named(|name| name == "cancels");
        assert_eq!(read.count(&cancels, EventKind::Instant), analysis.cancels().len(), "{path}");
        let lives_on =
            analysis.hearings().iter().filter(|it| it.outcome == Outcome::LivesOn).count();
        let fuses = read.named(|name| name == "overstay");
        let n_fuses = analysis.hearings().len() - lives_on;
        assert_eq!(read.count(&fuses, EventKind::Begin), n_fuses, "{path}");
        let marks = read.named(|name| name == "lives on");
        assert_eq!(read.count(&marks, EventKind::Instant), lives_on, "{path}");

        let world = trace.world();
        let n_held: usize = world.procs().iter().map(|(_, spans)| spans.len()).sum();
        let procs = read.named(|name| name.starts_with("P "));
        assert_eq!(read.count(&procs, EventKind::Begin), n_held, "{path}");
        let heap = read.named(|name| name == "heap");
        assert_eq!(read.count(&heap, EventKind::Counter), world.heap().len(), "{path}");
        let stops = read.named(|name| name == "stop-the-world");
        let n_stops = world.stop_the_world().len();
        assert_eq!(read.count(&stops, EventKind::Begin), n_stops, "{path}");
    }
}

#[test]
fn what_begins_before_zero_is_written_at_zero() {
    let bytes = include_bytes!("../../../../traces/late-exit/before.go1.21.trace");
    let trace = build(bytes, &Progress::default()).expect("a sound trace");
    let document = Document::new(trace, Rules::default());
    assert_eq!(document.trace().interval().start, Time(-1));
    let packets = packets(&document);
    check_order("the old format", &Read::new(&packets));
    let first = packets.packet.iter().filter(|packet| packet.event.is_some());
    assert_eq!(first.filter_map(|packet| packet.timestamp).min(), Some(0));
    let last = document.trace().interval().end.ns().cast_unsigned();
    assert!(packets.packet.iter().all(|packet| packet.timestamp.is_none_or(|at| at <= last)));
}

#[test]
fn flows_go_from_a_cancel_to_each_who_heard() {
    let document = late_exits();
    let read = Read::new(&packets(&document));
    let all = || read.events.values().flatten();
    let mut sent: Vec<u64> = all().flat_map(|(_, _, _, event)| event.flows.clone()).collect();
    let mut heard: Vec<u64> =
        all().flat_map(|(_, _, _, event)| event.ending_flows.clone()).collect();
    sent.sort_unstable();
    heard.sort_unstable();
    assert_eq!(sent, heard);
    let n_heard = document.analysis().hearings().iter().filter(|it| !it.deaf).count();
    assert_eq!(sent.len(), n_heard);
    assert!(n_heard > 3);
}

#[test]
fn goroutines_lie_in_the_group_of_their_start_function() {
    let document = late_exits();
    let read = Read::new(&packets(&document));
    let (track, (_, parent)) =
        read.tracks.iter().find(|(_, (name, _))| name == "goroutine 24").expect("a goroutine");
    let group = parent.and_then(|group| read.tracks.get(&group));
    assert_eq!(group.map(|(name, _)| name.as_str()), Some("main.readWorker"));
    let fuse = read.tracks.iter().find(|(_, (_, parent))| *parent == Some(*track));
    let (fuse, _) = fuse.expect("a fuse");
    let [(began, ..), (ended, ..)] = &read.events[fuse][..] else { panic!("one slice") };
    let hearing = document
        .analysis()
        .hearings()
        .iter()
        .find(|hearing| document.trace().life(hearing.goroutine).id.0 == 24);
    let window = document.window(hearing.expect("it heard"));
    assert_eq!((*began, *ended), (window.start.0.cast_unsigned(), window.end.0.cast_unsigned()));
}
