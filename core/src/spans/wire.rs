//! Protobuf's wire format (protobuf.dev, "Encoding"): fields one after the other, without a schema and without a copy.

use super::Error;

/// A field's value, by its wire type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// The fields of one message. `base` is where the message begins in the input.
pub struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    base: u64,
}

/// Groups within each other that are skipped; nothing has written any for fifteen years.
const GROUPS: usize = 8;

impl<'a> Fields<'a> {
    pub fn new(bytes: &'a [u8], base: u64) -> Fields<'a> {
        Fields { bytes, at: 0, base }
    }

    /// Where the bytes of the field just read begin in the input.
    pub fn start_of(&self, bytes: &[u8]) -> u64 {
        self.base + (self.at - bytes.len()) as u64
    }

    /// The next field's number and value; groups are skipped.
    #[inline(always)]
    pub fn next(&mut self) -> Result<Option<(u32, Field<'a>)>, Error> {
        loop {
            if self.at >= self.bytes.len() {
                return Ok(None);
            }
            let start = self.at;
            let key = self.varint()?;
            let number = (key >> 3) as u32;
            if number == 0 || key >> 32 != 0 {
                return Err(self.error(start, "no field has this number"));
            }
            let value = match key & 7 {
                0 => Field::Varint(self.varint()?),
                1 => Field::Fixed64(u64::from_le_bytes(self.array()?)),
                2 => {
                    let length = self.varint()?;
                    Field::Bytes(self.take(length)?)
                }
                5 => Field::Fixed32(u32::from_le_bytes(self.array()?)),
                3 => {
                    self.skip_group(number)?;
                    continue;
                }
                _ => return Err(self.error(start, "no wire type that protobuf knows")),
            };
            return Ok(Some((number, value)));
        }
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Error> {
        match *self.bytes.get(self.at..).unwrap_or_default() {
            [low, ..] if low < 0x80 => {
                self.at += 1;
                Ok(u64::from(low))
            }
            [low, high, ..] if high < 0x80 => {
                self.at += 2;
                Ok(u64::from(low & 0x7F) | u64::from(high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    fn long_varint(&mut self) -> Result<u64, Error> {
        let start = self.at;
        let mut value = 0u64;
        for shift in 0..10 {
            let Some(byte) = self.bytes.get(self.at) else { return Err(self.cut()) };
            self.at += 1;
            value |= u64::from(byte & 0x7F) << (7 * shift).min(63);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.error(start, "a number longer than ten bytes"))
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let found = self.bytes.get(self.at..self.at + N).and_then(|bytes| bytes.try_into().ok());
        self.at += N;
        found.ok_or_else(|| self.cut())
    }

    #[inline]
    fn take(&mut self, length: u64) -> Result<&'a [u8], Error> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        match end.and_then(|end| self.bytes.get(self.at..end)) {
            Some(bytes) => {
                self.at += bytes.len();
                Ok(bytes)
            }
            None => Err(self.cut()),
        }
    }

    fn skip_group(&mut self, number: u32) -> Result<(), Error> {
        let mut open = vec![number];
        while let Some(last) = open.last().copied() {
            let start = self.at;
            let key = self.varint()?;
            match key & 7 {
                0 => drop(self.varint()?),
                1 => drop(self.array::<8>()?),
                2 => {
                    let length = self.varint()?;
                    self.take(length)?;
                }
                3 if open.len() < GROUPS => open.push((key >> 3) as u32),
                4 if (key >> 3) as u32 == last => drop(open.pop()),
                5 => drop(self.array::<4>()?),
                _ => return Err(self.error(start, "a group that is not closed, or too deep")),
            }
        }
        Ok(())
    }

    /// An error at the field just read.
    pub fn wrong(&self, what: &str) -> Error {
        self.error(self.at, what)
    }

    #[cold]
    fn cut(&self) -> Error {
        self.error(self.bytes.len(), "the message ends within a field")
    }

    #[cold]
    fn error(&self, at: usize, message: &str) -> Error {
        Error::new(self.base + at as u64, message)
    }
}
