//! The objects of a comparison, field for field as in the contract.

use serde::Serialize;

use crate::analysis::{DiffGroup, Side};

#[derive(Serialize)]
pub(super) struct GroupRow<'a> {
    kind: &'static str,
    key: &'a str,
    function: &'a str,
    before: SideRow,
    after: SideRow,
    shift_ns: Option<i64>,
    ci95_ns: Option<[i64; 2]>,
    p_value: Option<f64>,
    q_value: Option<f64>,
    verdict: &'static str,
}

impl<'a> GroupRow<'a> {
    pub(super) fn new(group: &'a DiffGroup) -> Self {
        Self {
            kind: group.kind.name(),
            key: &group.key,
            function: &group.function,
            before: SideRow::new(group.before),
            after: SideRow::new(group.after),
            shift_ns: group.shift_ns,
            ci95_ns: group.ci95_ns,
            p_value: group.p_value,
            q_value: group.q_value,
            verdict: group.verdict.name(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct SideRow {
    n: u32,
    p50_ns: i64,
    p90_ns: i64,
    p99_ns: i64,
    max_ns: i64,
    alive: u32,
}

impl SideRow {
    pub(super) fn new(Side { n, p50_ns, p90_ns, p99_ns, max_ns, alive }: Side) -> Self {
        Self { n, p50_ns, p90_ns, p99_ns, max_ns, alive }
    }
}
