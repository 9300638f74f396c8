//! Hash tables for keys that come from outside.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

/// A table by numbers or texts that whoever wrote the input could choose.
///
/// Where they lie depends on a number that is drawn anew in each run. With a hash that is known
/// beforehand, `rustc_hash`'s for one, half a megabyte of ids can be chosen that all want the same
/// place, and each look-up walks along all of them. Rows that we give out ourselves need no such
/// care. The order of what is in a table differs from run to run: it may never show.
pub type WireMap<K, V> = HashMap<K, V, RandomState>;

/// The same without values.
pub type WireSet<K> = HashSet<K, RandomState>;
