//! What the JSON formats share: values, ids, and errors with their place.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Error;
use super::ids;
use super::value::Value;

/// A text that is borrowed where it holds no escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
        struct AsText;
        impl<'de> Visitor<'de> for AsText {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(""))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Cow::Owned(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Cow::Owned(number.to_string()))
            }
        }
        deserializer.deserialize_any(AsText).map(Text)
    }
}

/// An AnyValue in OTLP's JSON (`{"stringValue": …}`), or any JSON value that is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Any<'a>(pub Value<'a>);

impl Default for Any<'_> {
    fn default() -> Self {
        Any(Value::Null)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Any<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Any<'a>, D::Error> {
        deserializer.deserialize_any(AsAny).map(Any)
    }
}

struct AsAny;

impl<'de> Visitor<'de> for AsAny {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Any(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(Text(key)) = members.next_key()? {
            let one = match key.as_ref() {
                "stringValue" | "string_value" | "boolValue" | "bool_value" | "doubleValue" | "double_value" => {
                    let Any(value) = members.next_value()?;
                    match value {
                        Value::Text(text) if key.starts_with("double") => real(&text),
                        value => value,
                    }
                }
                "intValue" | "int_value" => {
                    let number: super::number::Num = members.next_value()?;
                    Value::Int(number.whole())
                }
                "bytesValue" | "bytes_value" => {
                    let Text(text) = members.next_value()?;
                    ids::base64(&text).map_or(Value::Text(text), |bytes| Value::Bytes(Cow::Owned(bytes)))
                }
                "arrayValue" | "array_value" => {
                    let list: List = members.next_value()?;
                    Value::List(list.values.unwrap_or_default().into_iter().map(|Any(value)| value).collect())
                }
                "kvlistValue" | "kvlist_value" => {
                    let map: Map = members.next_value()?;
                    Value::Map(pairs(map.values))
                }
                _ => {
                    let Any(value) = members.next_value()?;
                    found.push((key, value));
                    continue;
                }
            };
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(one);
        }
        Ok(if found.is_empty() { Value::Null } else { Value::Map(found) })
    }
}

fn real(text: &str) -> Value<'static> {
    text.parse().map_or_else(|_| Value::Text(Cow::Owned(text.to_owned())), Value::Float)
}

#[derive(serde::Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    values: Option<Vec<Any<'a>>>,
}

#[derive(serde::Deserialize)]
struct Map<'a> {
    #[serde(borrow)]
    values: Option<Vec<Pair<'a>>>,
}

/// A KeyValue.
#[derive(serde::Deserialize)]
pub struct Pair<'a> {
    #[serde(borrow)]
    pub key: Text<'a>,
    #[serde(borrow, default)]
    pub value: Any<'a>,
}

/// KeyValues as the builder takes them.
pub fn pairs<'a>(found: Option<Vec<Pair<'a>>>) -> Vec<(Cow<'a, str>, Value<'a>)> {
    found.unwrap_or_default().into_iter().map(|pair| (pair.key.0, pair.value.0)).collect()
}

/// A whole JSON value read as `T`; an error says where in the input, `base` being where the value begins.
pub fn read<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8], base: u64) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        let line = error.line().saturating_sub(1);
        let start =
            memchr::memchr_iter(b'\n', bytes).nth(line.wrapping_sub(1)).filter(|_| line > 0).map_or(0, |at| at + 1);
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(told, _)| told);
        Error::new(base + (start + error.column().saturating_sub(1)).min(bytes.len()) as u64, message)
    })
}
