//! A file's text, whatever it is packed with; the content says with what, never the name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::PathBuf;

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The window of a frame of zstd that is accepted, as `zstd` itself does unless told otherwise (`--memory`).
const WINDOW_BYTES: u64 = 128 * 1024 * 1024;

/// Bytes by which what a file is packed with is told.
const MAGIC: usize = 10;

const PACKED_BYTES: usize = 64 * 1024;

pub type Bytes = Box<dyn Read + Send>;

/// Where a log comes from: a path, of which so many bytes are read at most (a file grows while a server writes to it), and
/// which can be opened again; a stream, which is read once.
pub enum Source {
    Path(PathBuf, u64),
    Stream(Option<Bytes>),
}

impl Source {
    /// The text. A stream can be opened once.
    pub fn open(&mut self) -> io::Result<Bytes> {
        match self {
            Source::Path(path, most) => {
                let kind = std::fs::metadata(&*path)?.file_type();
                if kind.is_dir() {
                    return Err(io::Error::other("is a folder: name the files in it"));
                }
                if !kind.is_file() {
                    return Err(io::Error::other("is no file that can be read again: write what it gives into a file"));
                }
                unpacked(Box::new(File::open(path)?.take(*most)))
            }
            Source::Stream(stream) => {
                let stream = stream.take().ok_or_else(|| io::Error::other("was read already"))?;
                unpacked(stream)
            }
        }
    }

    pub fn is_path(&self) -> bool {
        matches!(self, Source::Path(..))
    }
}

/// What a stream holds, unpacked where it is packed.
pub fn unpacked(mut packed: Bytes) -> io::Result<Bytes> {
    let mut magic = Vec::with_capacity(MAGIC);
    packed.by_ref().take(MAGIC as u64).read_to_end(&mut magic)?;
    let packing = packing(&magic)?;
    let whole = Cursor::new(magic).chain(packed);
    Ok(match packing {
        Packing::Plain => Box::new(whole),
        Packing::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(PACKED_BYTES, whole))),
        Packing::Bzip2 => Box::new(MultiBzDecoder::new(BufReader::with_capacity(PACKED_BYTES, whole))),
        Packing::Zstd => Box::new(Zstd::new(BufReader::with_capacity(PACKED_BYTES, whole))),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Bzip2,
    Zstd,
}

/// By the magic numbers of RFC 1952, bzip2's format, RFC 8878; what is not read is named.
fn packing(magic: &[u8]) -> io::Result<Packing> {
    let refused = |name: &str, tool: &str| {
        Err(io::Error::other(format!("is packed with {name}, which is not read here: unpack it first ({tool})")))
    };
    match magic {
        [0x1f, 0x8b, 0x08, ..] => Ok(Packing::Gzip),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90] => Ok(Packing::Bzip2),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Packing::Zstd),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => refused("xz", "xz -d"),
        [0x04, 0x22, 0x4d, 0x18, ..] => refused("lz4", "lz4 -d"),
        [b'P', b'K', 3, 4, ..] => refused("zip", "unzip"),
        [0x1f, 0x9d, ..] => refused("compress", "uncompress"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(io::Error::other(
            "is text in UTF-16, which is not read here: convert it first (iconv -f UTF-16 -t UTF-8)",
        )),
        _ => Ok(Packing::Plain),
    }
}

/// Frames of zstd one after the other, those to be skipped among them.
struct Zstd<R> {
    packed: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(packed: R) -> Zstd<R> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW_BYTES);
        Zstd { packed, decoder, within: false }
    }

    /// Begins the next frame; false at the end.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.packed.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.packed) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut self.packed.by_ref().take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error.to_string())),
            }
        }
        Ok(false)
    }

    fn end(&self) -> io::Result<()> {
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(written), Some(found)) if written != found => Err(io::Error::other("a frame's checksum is wrong")),
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.within {
                self.within = self.begin()?;
                if !self.within {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.packed, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| io::Error::other(error.to_string()))?;
            }
            let taken = self.decoder.read(to)?;
            if taken > 0 || to.is_empty() {
                return Ok(taken);
            }
            self.end()?;
            self.within = false;
        }
    }
}

/// The beginning of a source's text: at most so many bytes, fewer where it ends, or breaks off, before.
pub fn head(source: &mut Source, bytes: usize) -> io::Result<Vec<u8>> {
    let mut text = source.open()?.take(bytes as u64);
    let mut head = Vec::new();
    match text.read_to_end(&mut head) {
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}
