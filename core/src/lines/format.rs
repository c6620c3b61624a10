//! The format of a line as data, and how it is run; loadstone/traffic/access_log/line_format.py writes it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Error;
use super::escape::Escape;
use super::json::Json;
use super::record::{FIELDS, Field, Record, Style};
use super::table::Table;
use super::text::Text;

/// Parts of a line's format, at most.
const PARTS: usize = 512;

/// Which instant a line's time is; a server that writes the line at the end of a request tells its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeAt {
    Start,
    #[default]
    End,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    kind: Kind,
    #[serde(default)]
    escape: Escape,
    #[serde(default)]
    time_at: TimeAt,
    #[serde(default)]
    parts: Vec<Part>,
    #[serde(default)]
    fields: BTreeMap<String, Sought>,
    #[serde(default)]
    separator: String,
    #[serde(default)]
    quoted: bool,
    #[serde(default)]
    columns: Vec<Option<Column>>,
    #[serde(default)]
    header: String,
    #[serde(default)]
    names: BTreeMap<String, Option<Column>>,
    #[serde(default)]
    inside: Vec<String>,
    #[serde(default)]
    outer: BTreeMap<String, Sought>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Json,
    Table,
}

/// A part of a line of text: a literal, or a field up to the next literal. A quoted one ends at the first quote that no
/// backslash escapes; the quotes stand in the literals.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    #[serde(default)]
    pub literal: Option<String>,
    #[serde(default)]
    pub field: Option<Field>,
    #[serde(default)]
    pub style: Option<Style>,
    #[serde(default)]
    pub quoted: bool,
}

/// Where a field stands in a document: the first path that is there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sought {
    #[serde(default)]
    pub path: Vec<String>,
    #[serde(default)]
    pub paths: Vec<Vec<String>>,
    #[serde(default)]
    pub style: Option<Style>,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub field: Option<Field>,
    #[serde(default)]
    pub style: Option<Style>,
}

/// A field and how it is written.
#[derive(Debug, Clone, Copy)]
pub struct Styled {
    pub field: Field,
    pub style: Style,
}

impl Column {
    /// None for one that is of no use.
    pub fn styled(self) -> Option<Styled> {
        let field = self.field.filter(|field| !matches!(field, Field::Skip | Field::User))?;
        Some(Styled { field, style: self.style.unwrap_or_default() })
    }
}

#[derive(Debug, Clone)]
enum Body {
    Text(Text),
    Json(Json),
    Table(Table),
}

/// A format that can be run on lines. A table's may change within a file, so that each file has its own.
#[derive(Debug, Clone)]
pub struct Format {
    pub name: String,
    pub time_at: TimeAt,
    styles: [Style; FIELDS],
    body: Body,
    /// Where lines lie within documents: how to get at them, and the fields beside them.
    around: Option<(Json, Vec<Field>)>,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Fields,
    /// A comment, or the names of the columns that follow.
    Header,
    Malformed(&'static str),
}

impl Format {
    /// From its JSON. Errors name the format and what is wrong with it.
    pub fn of(document: &[u8]) -> Result<Format, Error> {
        let document = serde_json::from_slice(document)
            .map_err(|error| Error::Asked(format!("the format of a line is not understood: {error}")))?;
        Format::compiled(&document)
    }

    /// A JSON array of formats.
    pub fn all(documents: &[u8]) -> Result<Vec<Format>, Error> {
        let documents: Vec<Document> = serde_json::from_slice(documents)
            .map_err(|error| Error::Asked(format!("formats of lines are not understood: {error}")))?;
        documents.iter().map(Format::compiled).collect()
    }

    fn compiled(document: &Document) -> Result<Format, Error> {
        let wrong = |what: String| Error::Asked(format!("the format {:?}: {what}", document.name));
        let most = document.parts.len().max(document.fields.len()).max(document.columns.len());
        if most > PARTS {
            return Err(wrong(format!("it has {most} parts; {PARTS} are read")));
        }
        let mut format = Format {
            name: document.name.clone(),
            time_at: document.time_at,
            styles: [Style::Plain; FIELDS],
            body: body(document).map_err(wrong)?,
            around: None,
        };
        format.set_styles(document);
        if !document.inside.is_empty() {
            let json = Json::around(&document.inside, &document.outer).map_err(wrong)?;
            let inner = format.fields(document);
            let beside: Vec<Field> = json.fields().filter(|field| !inner.contains(field)).collect();
            for field in &beside {
                format.styles[*field as usize] = json.styles[*field as usize];
            }
            format.around = Some((json, beside));
        }
        Ok(format)
    }

    fn set_styles(&mut self, document: &Document) {
        for part in &document.parts {
            if let Some(field) = part.field {
                self.styles[field as usize] = part.style.unwrap_or_default();
            }
        }
        match &self.body {
            Body::Json(json) => self.styles = json.styles,
            Body::Table(_) => self.table_styles(),
            Body::Text(_) => {}
        }
    }

    fn table_styles(&mut self) {
        if let Body::Table(table) = &self.body {
            for styled in table.columns.iter().flatten() {
                self.styles[styled.field as usize] = styled.style;
            }
        }
    }

    /// The fields that the line proper may have.
    fn fields(&self, document: &Document) -> Vec<Field> {
        let columns = document.columns.iter().flatten().chain(document.names.values().flatten());
        let mut fields: Vec<Field> = document.parts.iter().filter_map(|part| part.field).collect();
        fields.extend(columns.filter_map(|column| column.field));
        if let Body::Json(json) = &self.body {
            fields.extend(json.fields());
        }
        fields
    }

    #[inline]
    pub fn style(&self, field: Field) -> Style {
        self.styles[field as usize]
    }

    /// Cuts a line into fields and hands them over.
    #[inline]
    pub fn read<T>(&self, line: &[u8], with: impl FnOnce(Cut, &Record<'_>) -> T) -> T {
        let Some((json, beside)) = &self.around else {
            let mut record = Record::new();
            let cut = self.cut(line, &mut record);
            return with(cut, &record);
        };
        let mut outer = Record::new();
        let cut = json.cut(line, &mut outer);
        if cut != Cut::Fields {
            return with(cut, &outer);
        }
        let inner = outer.take(Field::Skip);
        let inner = inner.strip_suffix(b"\n").unwrap_or(&inner);
        let mut record = Record::new();
        let cut = self.cut(inner.strip_suffix(b"\r").unwrap_or(inner), &mut record);
        for field in beside {
            record.put(*field, outer.take(*field));
        }
        with(cut, &record)
    }

    #[inline]
    fn cut<'l>(&self, line: &'l [u8], record: &mut Record<'l>) -> Cut {
        match &self.body {
            Body::Text(text) => text.cut(line, record),
            Body::Json(json) => json.cut(line, record),
            Body::Table(table) => table.cut(line, record),
        }
    }

    /// Takes a header's names: a table's columns may change with them.
    pub fn header(&mut self, line: &[u8]) {
        if let Body::Table(table) = &mut self.body
            && table.header(line)
        {
            self.table_styles();
        }
    }
}

fn body(document: &Document) -> Result<Body, String> {
    Ok(match document.kind {
        Kind::Text => Body::Text(Text::new(&document.parts, document.escape)?),
        Kind::Json => Body::Json(Json::new(&document.fields)?),
        Kind::Table => {
            let columns = document.columns.iter().map(|column| column.and_then(Column::styled)).collect();
            let names = document.names.iter().filter_map(|(name, column)| Some((name.as_str(), (*column)?.styled()?)));
            let (separator, header) = (&document.separator, &document.header);
            Body::Table(Table::new(separator, document.quoted, columns, header, names, document.escape)?)
        }
    })
}
