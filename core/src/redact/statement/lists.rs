//! Brackets: the lists of IN and the rows after VALUES, of which equal elements become one.

use super::{Frame, Token, Writer};
use crate::redact::dialect::Dialect;
use crate::redact::quoted::word_end;

impl Writer<'_, '_> {
    pub(super) fn open(&mut self, at: usize) -> usize {
        let round = self.text.as_bytes()[at] == b'(';
        let list = match self.text.as_bytes()[at] {
            b'[' => self.dialect == Dialect::Json || self.last.is_word(&["array"]),
            _ => round && self.last.is_word(&["in"]),
        };
        self.put(at, at + 1, Token::Open);
        self.frames.push(Frame { folds: list, rows: false, element: self.out.len(), previous: None });
        at + 1
    }

    pub(super) fn close(&mut self, at: usize) -> usize {
        while self.frames.last().is_some_and(|frame| frame.rows) {
            self.frames.pop();
        }
        self.end_element();
        self.frames.pop();
        self.put(at, at + 1, Token::Close);
        if self.frames.last().is_some_and(|frame| frame.rows) {
            self.end_element();
        }
        at + 1
    }

    pub(super) fn comma(&mut self, at: usize) -> usize {
        if !self.frames.last().is_some_and(|frame| frame.rows) {
            self.end_element();
        }
        self.put(at, at + 1, Token::Comma);
        if let Some(frame) = self.frames.last_mut() {
            frame.element = self.out.len();
        }
        at + 1
    }

    /// Drops the element that just ended, and the comma before it, if it equals the one before.
    fn end_element(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        if !frame.folds {
            return;
        }
        let element = frame.element.min(self.out.len());
        let start = element + self.out[element..].len() - self.out[element..].trim_start().len();
        let end = self.out.trim_end().len().max(start);
        match frame.previous {
            Some((from, to)) if to - from == end - start && self.out[from..to] == self.out[start..end] => {
                self.out.truncate(to);
            }
            _ => frame.previous = Some((start, end)),
        }
    }

    /// Ends the rows after VALUES where the next token does not go on with them.
    pub(super) fn leave_rows(&mut self, byte: u8, bytes: &[u8], at: usize) {
        let Some(frame) = self.frames.last() else { return };
        let row = bytes[at..word_end(bytes, at)].eq_ignore_ascii_case(b"row");
        let goes_on = match self.last {
            Token::Close => byte == b',',
            Token::Comma => byte == b'(' || row,
            last if last.is_word(&["row"]) => byte == b'(',
            last => last.is_word(&["values"]) && (byte == b'(' || row),
        };
        if frame.rows && !goes_on {
            self.frames.pop();
        }
    }
}
