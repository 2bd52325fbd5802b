//! Reading of the types that JSON has by itself.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, MapAccess, SeqAccess};
use serde_json::{Number, Value};

use super::{Fit, Plain, Read};

impl Read for String {
    fn read_str(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn read_bool(flag: bool) -> Option<Self> {
        Some(flag.to_string())
    }

    fn read_number(number: &Number) -> Option<Self> {
        Some(plain(number))
    }
}

/// A number as a bank would write it in text: never with an exponent.
pub(super) fn plain(number: &Number) -> String {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (None, None, Some(float)) => float.to_string(),
        _ => number.to_string(),
    }
}

impl Read for bool {
    fn read_bool(flag: bool) -> Option<Self> {
        Some(flag)
    }

    fn read_str(text: &str) -> Option<Self> {
        match text.trim() {
            t if t.eq_ignore_ascii_case("true") => Some(true),
            t if t.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    fn read_number(number: &Number) -> Option<Self> {
        match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        }
    }
}

impl Read for i64 {
    fn read_number(number: &Number) -> Option<Self> {
        number.as_i64()
    }

    fn read_str(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl Read for Value {
    const SHAPELESS: bool = true;

    fn read_str(text: &str) -> Option<Self> {
        Some(Self::String(text.to_owned()))
    }

    fn read_bool(flag: bool) -> Option<Self> {
        Some(Self::Bool(flag))
    }

    fn read_number(number: &Number) -> Option<Self> {
        Some(Self::Number(number.clone()))
    }

    fn read_seq<'de, A: SeqAccess<'de>>(seq: A) -> Result<Fit<Self>, A::Error> {
        let items = Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq))?;
        Ok(Fit::Value(Self::Array(items)))
    }

    fn read_map<'de, A: MapAccess<'de>>(map: A) -> Result<Fit<Self>, A::Error> {
        Ok(Fit::Value(Self::Object(serde_json::Map::deserialize(MapAccessDeserializer::new(map))?)))
    }
}

impl<T: Read> Read for Box<T> {
    const SHAPELESS: bool = T::SHAPELESS;

    fn read_str(text: &str) -> Option<Self> {
        T::read_str(text).map(Self::new)
    }

    fn read_bool(flag: bool) -> Option<Self> {
        T::read_bool(flag).map(Self::new)
    }

    fn read_number(number: &Number) -> Option<Self> {
        T::read_number(number).map(Self::new)
    }

    fn read_seq<'de, A: SeqAccess<'de>>(seq: A) -> Result<Fit<Self>, A::Error> {
        Ok(T::read_seq(seq)?.map(Self::new))
    }

    fn read_map<'de, A: MapAccess<'de>>(map: A) -> Result<Fit<Self>, A::Error> {
        Ok(T::read_map(map)?.map(Self::new))
    }
}

impl Plain for String {
    fn plain(&self) -> String {
        self.clone()
    }
}

impl Plain for str {
    fn plain(&self) -> String {
        self.to_owned()
    }
}

impl Plain for bool {
    fn plain(&self) -> String {
        self.to_string()
    }
}

impl Plain for i64 {
    fn plain(&self) -> String {
        self.to_string()
    }
}

impl<T: Plain + ?Sized> Plain for &T {
    fn plain(&self) -> String {
        (**self).plain()
    }
}
