//! Whose spans follow: a resource's attributes and the instrumentation's scope, told once for many spans.

use super::names;
use super::value::{Masking, Value, clip};
use crate::redact::Redactor;

/// What the spans that follow have in common.
#[derive(Default)]
pub struct Resource {
    /// Service, instance and host, in the order of the columns.
    pub texts: [String; 3],
    pub scope: String,
    pub scope_version: String,
    pub pid: Option<i64>,
    /// Further attributes: JSON's members, without braces.
    pub members: Vec<u8>,
    /// Numbers of the words in the batch of this generation.
    pub words: [u32; 4],
    pub version_fragment: Option<u32>,
    pub set_tag: u64,
    pub generation: u64,
}

impl Resource {
    pub fn clear(&mut self) {
        self.texts.iter_mut().for_each(String::clear);
        self.scope.clear();
        self.scope_version.clear();
        self.members.clear();
        self.pid = None;
        self.generation = 0;
    }

    pub fn attribute(&mut self, redactor: &Redactor, name: &str, value: &Value, clipped: &mut u64) {
        self.generation = 0;
        if let (Some(column), Value::Text(text)) = (names::of_resource(name), value) {
            let text = clip(text, clipped);
            self.texts[column] = redactor.attribute(name, text, "");
        } else if name == "process.pid" {
            self.pid = value.whole();
        } else if !names::is_ballast(name) {
            if !self.members.is_empty() {
                self.members.push(b',');
            }
            let mut masking = Masking { redactor, system: "", clipped: 0 };
            masking.member(name, value, &mut self.members);
            *clipped += masking.clipped;
        }
    }
}
