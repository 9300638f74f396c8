//! Zstandard frames, one after another, up to the last whole block of a file that was cut.
//!
//! The decompressor keeps the last stretch of a frame to itself until the frame ends. A frame
//! that was cut is therefore given an end of its own, an empty last block.

use std::io::{self, Read};

use byteorder::{ByteOrder, LittleEndian};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// RFC 8878, section 3.1.1.
const MAGIC: u32 = 0xfd2f_b528;
/// RFC 8878, section 3.1.2; the low four bits are free.
const SKIPPABLE_MAGIC: u32 = 0x184d_2a50;
/// Of a frame's fifth byte: whether a checksum of four bytes follows the last block.
const HAS_CHECKSUM: u8 = 1 << 2;
/// An empty raw block that is the last one, and room for a checksum.
const END: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// Whether bytes begin a frame.
pub(super) fn begins_frame(bytes: &[u8]) -> bool {
    let magic = bytes.get(..4).map(LittleEndian::read_u32);
    magic.is_some_and(|magic| magic == MAGIC || magic & !0xf == SKIPPABLE_MAGIC)
}

/// Decompresses frames from memory.
pub(super) struct Frames<'p> {
    left: &'p [u8],
    open: Option<Frame>,
    is_cut: bool,
}

struct Frame {
    decoder: FrameDecoder,
    has_checksum: bool,
}

impl<'p> Frames<'p> {
    /// All frames in `packed`.
    pub(super) fn new(packed: &'p [u8]) -> Self {
        Self { left: packed, open: None, is_cut: false }
    }

    /// Opens the frame at hand, or skips it if that is what it is for.
    fn open(&mut self) -> io::Result<()> {
        let has_magic = self.left.len() >= 4;
        if has_magic && LittleEndian::read_u32(self.left) & !0xf == SKIPPABLE_MAGIC {
            let length = self.left.get(4..8).map(LittleEndian::read_u32);
            let end = length.and_then(|length| usize::try_from(length).ok()?.checked_add(8));
            let rest = end.and_then(|end| self.left.get(end..));
            self.left = rest.ok_or(io::ErrorKind::UnexpectedEof)?;
            return Ok(());
        }
        let has_checksum =
            self.left.get(4).is_some_and(|descriptor| descriptor & HAS_CHECKSUM != 0);
        let mut decoder = FrameDecoder::new();
        decoder.init(&mut self.left).map_err(io::Error::other)?;
        self.open = Some(Frame { decoder, has_checksum });
        Ok(())
    }
}

impl Frame {
    /// Decompresses the next block, or ends the frame if that has been cut; tells which.
    fn next_block(&mut self, left: &mut &[u8]) -> io::Result<bool> {
        let is_whole = self.has_whole_block(left);
        let mut end = &END[..];
        let source = if is_whole { left } else { &mut end };
        let one = BlockDecodingStrategy::UptoBlocks(1);
        self.decoder.decode_blocks(source, one).map_err(io::Error::other)?;
        Ok(is_whole)
    }

    fn has_whole_block(&self, bytes: &[u8]) -> bool {
        // RFC 8878, section 3.1.1.2: last (1 bit), type (2), size (21).
        let Some(header) = bytes.get(..3).map(LittleEndian::read_u24) else { return false };
        let is_last = header & 1 != 0;
        let is_run = header >> 1 & 3 == 1;
        let n_data = if is_run { 1 } else { (header >> 3) as usize };
        let n_checksum = if is_last && self.has_checksum { 4 } else { 0 };
        bytes.len() >= 3 + n_data + n_checksum
    }

    /// Whether the frame's checksum, if it has one, is that of what came out of it.
    fn is_sound(&self) -> bool {
        let told = self.decoder.get_checksum_from_data();
        told.is_none() || told == self.decoder.get_calculated_checksum()
    }
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(frame) = &mut self.open else {
                match self.left {
                    [] if std::mem::take(&mut self.is_cut) => {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    [] => return Ok(0),
                    _ => self.open()?,
                }
                continue;
            };
            let n_read = frame.decoder.read(buffer)?;
            if n_read > 0 {
                return Ok(n_read);
            }
            if !frame.decoder.is_finished() {
                if !frame.next_block(&mut self.left)? {
                    self.is_cut = true;
                    self.left = &[];
                }
                continue;
            }
            let is_sound = self.is_cut || frame.is_sound();
            self.open = None;
            if !is_sound {
                self.left = &[];
                return Err(io::Error::other("its checksum does not match"));
            }
        }
    }
}
