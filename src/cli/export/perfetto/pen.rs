//! Writes packets one by one, each text only once.

use std::io::{self, Write};

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::proto::{
    CLEARED, CounterDescriptor, DebugAnnotation, EventKind, InternedData, InternedName,
    NEEDS_INTERNED, TracePacket, TrackDescriptor, TrackEvent,
};
use crate::base::{Time, WireMap};

/// All packets are one writer's.
const SEQUENCE: u32 = 1;
/// The field of a trace that has its packets.
const PACKET: u32 = 1;

/// A track's number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Track(u64);

/// The value of an argument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arg<'a> {
    /// A whole number.
    Int(i64),
    /// A text; "" is left out.
    Text(&'a str),
}

/// Texts of one sort and their numbers.
#[derive(Default)]
struct Texts {
    ids: WireMap<Box<str>, u64>,
    /// Those that no packet has told yet.
    new: Vec<InternedName>,
}

impl Texts {
    fn id(&mut self, text: &str) -> u64 {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        let id = self.ids.len() as u64 + 1;
        self.ids.insert(text.into(), id);
        self.new.push(InternedName { id: Some(id), name: Some(text.to_owned()) });
        id
    }
}

/// Writes a trace.
pub(super) struct Pen<'a> {
    out: &'a mut dyn Write,
    packet: Vec<u8>,
    n_tracks: u64,
    is_begun: bool,
    event_names: Texts,
    arg_names: Texts,
    arg_texts: Texts,
}

impl<'a> Pen<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            packet: Vec::new(),
            n_tracks: 0,
            is_begun: false,
            event_names: Texts::default(),
            arg_names: Texts::default(),
            arg_texts: Texts::default(),
        }
    }

    /// Makes a track, in a group or on its own; a group is a track without events.
    pub(super) fn track(&mut self, name: &str, parent: Option<Track>) -> io::Result<Track> {
        self.describe(name, parent, None)
    }

    /// Makes a track for a number over time.
    pub(super) fn counter(
        &mut self,
        name: &str,
        parent: Option<Track>,
        unit: i32,
    ) -> io::Result<Track> {
        self.describe(name, parent, Some(CounterDescriptor { unit: Some(unit) }))
    }

    fn describe(
        &mut self,
        name: &str,
        parent: Option<Track>,
        counter: Option<CounterDescriptor>,
    ) -> io::Result<Track> {
        self.n_tracks += 1;
        let descriptor = TrackDescriptor {
            uuid: Some(self.n_tracks),
            name: Some(name.to_owned()),
            parent: parent.map(|Track(uuid)| uuid),
            counter,
        };
        self.put(TracePacket { descriptor: Some(descriptor), ..TracePacket::default() })?;
        Ok(Track(self.n_tracks))
    }

    /// An event, to be filled and given to [`Pen::event`].
    pub(super) fn named(
        &mut self,
        track: Track,
        kind: EventKind,
        name: &str,
        args: &[(&str, Arg<'_>)],
    ) -> TrackEvent {
        let named = args.iter().filter(|(_, arg)| !matches!(arg, Arg::Text("")));
        let args = named.map(|(name, arg)| {
            let name = Some(self.arg_names.id(name));
            match arg {
                Arg::Int(value) => DebugAnnotation { name, int: Some(*value), text: None },
                Arg::Text(text) => {
                    let text = Some(self.arg_texts.id(text));
                    DebugAnnotation { name, int: None, text }
                }
            }
        });
        let args = args.collect();
        let name = Some(self.event_names.id(name));
        TrackEvent { args, name, ..bare(track, kind) }
    }

    /// Writes an event. What is before 0 is written at 0, since the form has no time before that: in
    /// the old format a trace begins at −1, so that its first event is later.
    pub(super) fn event(&mut self, at: Time, event: TrackEvent) -> io::Result<()> {
        let timestamp = Some(at.ns().max(0).cast_unsigned());
        let event = Some(Box::new(event));
        self.put(TracePacket { timestamp, event, ..TracePacket::default() })
    }

    /// Ends the slice of a track that began last.
    pub(super) fn end(&mut self, at: Time, track: Track) -> io::Result<()> {
        self.event(at, bare(track, EventKind::End))
    }

    /// Gives a counter a value.
    pub(super) fn count(&mut self, at: Time, track: Track, value: u64) -> io::Result<()> {
        let value = Some(i64::try_from(value).unwrap_or(i64::MAX));
        self.event(at, TrackEvent { value, ..bare(track, EventKind::Counter) })
    }

    fn put(&mut self, mut packet: TracePacket) -> io::Result<()> {
        packet.sequence = Some(SEQUENCE);
        let cleared = if self.is_begun { 0 } else { CLEARED };
        self.is_begun = true;
        packet.sequence_flags = Some(cleared | NEEDS_INTERNED);
        let interned = InternedData {
            event_names: std::mem::take(&mut self.event_names.new),
            arg_names: std::mem::take(&mut self.arg_names.new),
            arg_texts: std::mem::take(&mut self.arg_texts.new),
        };
        packet.interned = Some(interned).filter(|interned| *interned != InternedData::default());
        self.packet.clear();
        encode_key(PACKET, WireType::LengthDelimited, &mut self.packet);
        encode_varint(packet.encoded_len() as u64, &mut self.packet);
        packet.encode_raw(&mut self.packet);
        self.out.write_all(&self.packet)
    }
}

fn bare(Track(track): Track, kind: EventKind) -> TrackEvent {
    TrackEvent { kind: Some(kind.into()), track: Some(track), ..TrackEvent::default() }
}
