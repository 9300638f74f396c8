//! Traces of the old format, written event by event.

use super::super::wire::Kind;

/// A trace under construction. Each event comes one tick after the last.
#[derive(Clone)]
pub(super) struct Trace {
    pub(super) bytes: Vec<u8>,
    pub(super) minor: u32,
}

impl Trace {
    /// Only a header.
    pub(super) fn of_version(minor: u32) -> Self {
        Self { bytes: format!("go 1.{minor} trace\0\0\0").into_bytes(), minor }
    }

    /// P 0 runs goroutine 1 on thread 17; 2 waits, 3 is in a system call, 4 and 5 are ready.
    /// Eleven events, and the next is at 1011 ticks.
    pub(super) fn started(minor: u32) -> Self {
        let mut trace = Self::of_version(minor).batch(0, 1000);
        for id in 1..=5 {
            trace = trace.timed(Kind::GoCreate, &[id, 0, 0]);
        }
        trace
            .timed(Kind::GoWaiting, &[2])
            .timed(Kind::GoInSyscall, &[3])
            .timed(Kind::ProcStart, &[17])
            .timed(Kind::GoStart, &[1, 1])
            .timed(Kind::Gomaxprocs, &[4, 0])
    }

    pub(super) fn batch(mut self, proc: u64, ticks: u64) -> Self {
        self.bytes.push(0x41);
        self.number(proc).number(ticks)
    }

    /// An event one tick after the last.
    pub(super) fn timed(self, kind: Kind, args: &[u64]) -> Self {
        self.timed_after(1, kind, args)
    }

    pub(super) fn timed_after(self, ticks: u64, kind: Kind, args: &[u64]) -> Self {
        let numbers: Vec<_> = [ticks].into_iter().chain(args.iter().copied()).collect();
        self.untimed(kind, &numbers)
    }

    pub(super) fn untimed(mut self, kind: Kind, numbers: &[u64]) -> Self {
        let mut payload = Self { bytes: Vec::new(), ..self };
        for &number in numbers {
            payload = payload.number(number);
        }
        let inline = u8::try_from(numbers.len() - 1).expect("few").min(3);
        self.bytes.push(kind as u8 | inline << 6);
        if inline == 3 {
            self = self.number(payload.bytes.len() as u64);
        }
        self.raw(&payload.bytes)
    }

    pub(super) fn string(mut self, id: u64, text: &str) -> Self {
        self.bytes.push(Kind::String as u8);
        self.number(id).text(text)
    }

    pub(super) fn log(self, task: u64, category: u64, message: &str) -> Self {
        self.timed(Kind::UserLog, &[task, category, 0]).text(message)
    }

    /// 1 GHz: a tick is a nanosecond.
    pub(super) fn frequency(self) -> Self {
        self.untimed(Kind::Frequency, &[1_000_000_000])
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn text(self, text: &str) -> Self {
        self.number(text.len() as u64).raw(text.as_bytes())
    }

    fn number(mut self, mut number: u64) -> Self {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
        self
    }
}
