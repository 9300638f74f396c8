//! The messages of a Perfetto trace, as far as they are written here. The numbers are those of
//! Perfetto's `protos/perfetto/trace`; what is not needed is left out.

use prost::Message;

/// A whole trace; in a file, one packet after another.
#[cfg(test)]
#[derive(Clone, PartialEq, Message)]
pub(super) struct Trace {
    #[prost(message, repeated, tag = "1")]
    pub(super) packet: Vec<TracePacket>,
}

/// One event or description.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TracePacket {
    #[prost(uint64, optional, tag = "8")]
    pub(super) timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "10")]
    pub(super) sequence: Option<u32>,
    #[prost(message, optional, boxed, tag = "11")]
    pub(super) event: Option<Box<TrackEvent>>,
    #[prost(message, optional, tag = "12")]
    pub(super) interned: Option<InternedData>,
    #[prost(uint32, optional, tag = "13")]
    pub(super) sequence_flags: Option<u32>,
    #[prost(message, optional, tag = "60")]
    pub(super) descriptor: Option<TrackDescriptor>,
}

/// Of [`TracePacket::sequence_flags`]: what was interned before does not count any more.
pub(super) const CLEARED: u32 = 1;
/// Of [`TracePacket::sequence_flags`]: it needs what was interned.
pub(super) const NEEDS_INTERNED: u32 = 2;

/// A track, or a group of tracks.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TrackDescriptor {
    #[prost(uint64, optional, tag = "1")]
    pub(super) uuid: Option<u64>,
    #[prost(string, optional, tag = "2")]
    pub(super) name: Option<String>,
    #[prost(uint64, optional, tag = "5")]
    pub(super) parent: Option<u64>,
    #[prost(message, optional, tag = "8")]
    pub(super) counter: Option<CounterDescriptor>,
}

/// What a counter counts.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct CounterDescriptor {
    #[prost(int32, optional, tag = "3")]
    pub(super) unit: Option<i32>,
}

/// Of [`CounterDescriptor::unit`]: things.
pub(super) const COUNT: i32 = 2;
/// Of [`CounterDescriptor::unit`]: bytes.
pub(super) const BYTES: i32 = 3;

/// Something that happens on a track.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TrackEvent {
    #[prost(message, repeated, tag = "4")]
    pub(super) args: Vec<DebugAnnotation>,
    #[prost(enumeration = "EventKind", optional, tag = "9")]
    pub(super) kind: Option<i32>,
    #[prost(uint64, optional, tag = "10")]
    pub(super) name: Option<u64>,
    #[prost(uint64, optional, tag = "11")]
    pub(super) track: Option<u64>,
    #[prost(int64, optional, tag = "30")]
    pub(super) value: Option<i64>,
    #[prost(fixed64, repeated, tag = "47")]
    pub(super) flows: Vec<u64>,
    #[prost(fixed64, repeated, tag = "48")]
    pub(super) ending_flows: Vec<u64>,
}

/// What kind of event it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, prost::Enumeration)]
#[repr(i32)]
pub(super) enum EventKind {
    /// None: not written.
    Unspecified = 0,
    /// A slice begins.
    Begin = 1,
    /// The slice that began last ends.
    End = 2,
    /// Something without length.
    Instant = 3,
    /// A counter has a new value.
    Counter = 4,
}

/// An argument of an event.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct DebugAnnotation {
    #[prost(uint64, optional, tag = "1")]
    pub(super) name: Option<u64>,
    #[prost(int64, optional, tag = "4")]
    pub(super) int: Option<i64>,
    #[prost(uint64, optional, tag = "17")]
    pub(super) text: Option<u64>,
}

/// Texts that later packets name by number.
#[derive(Clone, PartialEq, Message)]
pub(super) struct InternedData {
    #[prost(message, repeated, tag = "2")]
    pub(super) event_names: Vec<InternedName>,
    #[prost(message, repeated, tag = "3")]
    pub(super) arg_names: Vec<InternedName>,
    #[prost(message, repeated, tag = "29")]
    pub(super) arg_texts: Vec<InternedName>,
}

/// A text and its number, from 1. Perfetto has bytes for some of them, which look the same.
#[derive(Clone, PartialEq, Message)]
pub(super) struct InternedName {
    #[prost(uint64, optional, tag = "1")]
    pub(super) id: Option<u64>,
    #[prost(string, optional, tag = "2")]
    pub(super) name: Option<String>,
}
