//! Objects: one loop reads every generated struct, field by field, and keeps what has no place.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Extra, Fit, Read, Reader, Visit, read_value};

/// What is known of a generated struct; all that it can do is written once over this. Written by [`object!`].
pub(crate) trait Object: Default {
    /// Shows a visitor the fields in the order of the struct, then what came beyond the document.
    fn walk<V: Visit>(&self, visitor: &mut V);

    /// Reads the value that comes next to the field with a name on the wire, if there is one.
    fn read_field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Option<Result<(), A::Error>>;

    fn extra_mut(&mut self) -> &mut Extra;

    /// The object within, if this is one of those that some banks wrap in a field, and nothing else was known of it.
    fn unwrapped(&mut self) -> Option<Fit<Self>> {
        None
    }
}

/// Reads a value that should be an object.
pub(crate) fn read_whole<'de, T: Object + Read, D: Deserializer<'de>>(deserializer: D) -> Result<Fit<T>, D::Error> {
    let mut object = T::default();
    Ok(deserializer.deserialize_any(Place(&mut object))?.map(|()| object))
}

/// Reads an object.
pub(crate) fn read_object<'de, T: Object + Read, A: MapAccess<'de>>(map: A) -> Result<Fit<T>, A::Error> {
    let mut object = T::default();
    Ok(read_into(&mut object, map)?.map(|()| object))
}

/// Reads an object to where it is to stay.
fn read_into<'de, T: Object + Read, A: MapAccess<'de>>(object: &mut T, mut map: A) -> Result<Fit<()>, A::Error> {
    let mut known = false;
    while let Some(name) = map.next_key_seed(Name::<T>(PhantomData))? {
        if let Some(read) = object.read_field(&name, &mut map) {
            read?;
            known = true;
        } else {
            let value = map.next_value::<Value>()?;
            object.extra_mut().insert(name, value);
        }
    }
    if !known && let Some(inner) = object.unwrapped() {
        return Ok(inner.map(|inner| *object = inner));
    }
    Ok(Fit::Value(()))
}

/// Reads the next element of a list of objects in the list itself: large structs are dear to move.
pub(crate) fn read_next<'de, T: Object + Read, A: SeqAccess<'de>>(
    seq: &mut A,
    items: &mut Vec<T>,
) -> Result<Option<Fit<()>>, A::Error> {
    items.push(T::default());
    let fit = match items.last_mut() {
        Some(place) => seq.next_element_seed(Place(place)),
        None => Ok(None),
    };
    if !matches!(fit, Ok(Some(Fit::Value(())))) {
        items.pop();
    }
    fit
}

/// An object that waits to be read. Only a JSON object is read to its place; all else goes the common way.
struct Place<'a, T>(&'a mut T);

impl<T> Place<'_, T> {
    fn put(self, fit: Fit<T>) -> Fit<()> {
        fit.map(|value| *self.0 = value)
    }
}

impl<'de, T: Object + Read> DeserializeSeed<'de> for Place<'_, T> {
    type Value = Fit<()>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fit<()>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Object + Read> Visitor<'de> for Place<'_, T> {
    type Value = Fit<()>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fit<()>, A::Error> {
        read_into(self.0, map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Fit<()>, A::Error> {
        T::read_seq(seq).map(|fit| self.put(fit))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Fit<()>, E> {
        Reader::new().visit_str(text).map(|fit| self.put(fit))
    }

    fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<Fit<()>, E> {
        Reader::new().visit_bool(flag).map(|fit| self.put(fit))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Fit<()>, E> {
        Reader::new().visit_i64(number).map(|fit| self.put(fit))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Fit<()>, E> {
        Reader::new().visit_u64(number).map(|fit| self.put(fit))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Fit<()>, E> {
        Reader::new().visit_f64(number).map(|fit| self.put(fit))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Fit<()>, E> {
        Ok(Fit::Null)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Fit<()>, E> {
        Ok(Fit::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fit<()>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fit<()>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The object under a name, with what stood beside it.
pub(crate) fn unwrapped<T: Object + Read>(outer: &mut T, wrapper: &str) -> Option<Fit<T>> {
    outer.extra_mut().get(wrapper).filter(|value| value.is_object())?;
    let inner = outer.extra_mut().remove(wrapper)?;
    Some(read_value::<T>(&inner).map(|mut object| {
        for (name, value) in outer.extra_mut().iter() {
            object.extra_mut().insert(name, value.clone());
        }
        object
    }))
}

/// Reads the name of a field of `T`, which is nearly always borrowed from the text. One that all types share would cost
/// decoding two percent: the compiler would no longer put it into each type's loop.
struct Name<T>(PhantomData<T>);

impl<'de, T> DeserializeSeed<'de> for Name<T> {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de, T> Visitor<'de> for Name<T> {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// Gives a generated struct its reading, writing and `Debug`. Fields stand in the order of the struct.
///
/// `bare` names the field that a value stands for which is no object: the list of a bare list, the address of a bare
/// link. `wrapped` is the key that some banks wrap it in; `private true` shows the names of fields alone.
macro_rules! object {
    ($name:ident { $( $field:ident: $wire:literal ),* $(,)? } $(bare $bare:ident)? $(wrapped $wrapped:literal)? $(private $private:literal)?) => {
        impl $crate::value::Object for $name {
            #[inline]
            fn walk<V: $crate::value::Visit>(&self, visitor: &mut V) {
                $( visitor.field($wire, &self.$field); )*
                visitor.extra(&self.extra);
            }

            #[inline]
            #[allow(unused_variables)]
            fn read_field<'de, A: serde::de::MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Option<Result<(), A::Error>> {
                // The compiler turns this into a decision by length and a few comparisons of whole words.
                match name {
                    $( $wire => Some($crate::value::Slot::fill(&mut self.$field, $wire, &mut self.extra, map)), )*
                    _ => None,
                }
            }

            #[inline]
            fn extra_mut(&mut self) -> &mut $crate::value::Extra {
                &mut self.extra
            }

            $( $crate::value::object!(@wrapped $wrapped); )?
        }

        impl $crate::value::Read for $name {
            #[inline]
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<$crate::value::Fit<Self>, D::Error> {
                $crate::value::read_whole(deserializer)
            }

            $( $crate::value::object!(@bare $bare); )?

            #[inline]
            fn read_map<'de, A: serde::de::MapAccess<'de>>(map: A) -> Result<$crate::value::Fit<Self>, A::Error> {
                $crate::value::read_object(map)
            }

            #[inline]
            fn read_next<'de, A: serde::de::SeqAccess<'de>>(
                seq: &mut A,
                items: &mut Vec<Self>,
            ) -> Result<Option<$crate::value::Fit<()>>, A::Error> {
                $crate::value::read_next(seq, items)
            }
        }

        $crate::value::deserialize_by_reading!($name);

        impl serde::Serialize for $name {
            #[inline]
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::value::serialize(self, serializer)
            }
        }

        impl std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::value::debug(self, f, stringify!($name), false $( || $private )?)
            }
        }
    };
    (@bare $field:ident) => {
        #[inline]
        fn read_str(text: &str) -> Option<Self> {
            Some(Self { $field: $crate::value::Slot::of($crate::value::Read::read_str(text)?), ..Self::default() })
        }

        #[inline]
        fn read_bool(flag: bool) -> Option<Self> {
            Some(Self { $field: $crate::value::Slot::of($crate::value::Read::read_bool(flag)?), ..Self::default() })
        }

        #[inline]
        fn read_number(number: &serde_json::Number) -> Option<Self> {
            Some(Self { $field: $crate::value::Slot::of($crate::value::Read::read_number(number)?), ..Self::default() })
        }

        #[inline]
        fn read_seq<'de, A: serde::de::SeqAccess<'de>>(seq: A) -> Result<$crate::value::Fit<Self>, A::Error> {
            let fit = $crate::value::Read::read_seq(seq)?;
            Ok(fit.map(|value| Self { $field: $crate::value::Slot::of(value), ..Self::default() }))
        }
    };
    (@wrapped $wrapper:literal) => {
        #[inline]
        fn unwrapped(&mut self) -> Option<$crate::value::Fit<Self>> {
            $crate::value::unwrapped(self, $wrapper)
        }
    };
}
pub(crate) use object;
