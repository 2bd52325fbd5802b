//! Building strictly: what is to be sent is held against the document before it leaves.

use std::convert::Infallible;
use std::fmt;

/// What is wrong with a value that was to be sent, and where. It names the rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    field: String,
    rule: String,
}

impl Invalid {
    /// A broken rule, worded to follow the field's name: "is longer than 70 characters".
    pub fn new(rule: impl Into<String>) -> Self {
        Self { field: String::new(), rule: rule.into() }
    }

    /// The field with its parents, as on the wire: `creditorAddress.country`, `payments[2].instructedAmount`.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The rule that it breaks.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Places it within a field of an object.
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        self.field = match self.field.chars().next() {
            None => name.to_owned(),
            Some('[') => format!("{name}{}", self.field),
            Some(_) => format!("{name}.{}", self.field),
        };
        self
    }

    pub(crate) fn within_item(mut self, index: usize) -> Self {
        self.field = match self.field.chars().next() {
            None | Some('[') => format!("[{index}]{}", self.field),
            Some(_) => format!("[{index}].{}", self.field),
        };
        self
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => write!(f, "the value {}", self.rule),
            field => write!(f, "{field} {}", self.rule),
        }
    }
}

impl std::error::Error for Invalid {}

impl From<Infallible> for Invalid {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Something that can be held against the document's rules.
pub trait Check {
    /// Refuses what the document forbids, naming the field. Types without rules accept everything.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for String {}
impl Check for bool {}
impl Check for i64 {}
impl Check for serde_json::Value {}

impl<T: Check + ?Sized> Check for Box<T> {
    fn check(&self) -> Result<(), Invalid> {
        (**self).check()
    }
}

impl<T: Check + ?Sized> Check for &T {
    fn check(&self) -> Result<(), Invalid> {
        (**self).check()
    }
}

/// Builds one value of a type that is sent, field by field; the first mistake is what [`build`](Self::build) reports.
///
/// Each setter takes the field's type or anything that converts to it, such as `&str`.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct Builder<T> {
    value: T,
    mistake: Option<Invalid>,
}

impl<T: Default> Default for Builder<T> {
    fn default() -> Self {
        Self { value: T::default(), mistake: None }
    }
}

impl<T: Check> Builder<T> {
    /// The finished value, or what is wrong with it.
    pub fn build(self) -> Result<T, Invalid> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        self.value.check()?;
        Ok(self.value)
    }

    /// The value, and what was given for one of its fields if that could be converted.
    pub(crate) fn with<V, I>(&mut self, name: &str, given: V) -> Option<(&mut T, I)>
    where
        V: TryInto<I>,
        Invalid: From<V::Error>,
    {
        match given.try_into() {
            Ok(given) => Some((&mut self.value, given)),
            Err(error) => {
                let mistake = Invalid::from(error).within(name);
                self.mistake.get_or_insert(mistake);
                None
            }
        }
    }
}

impl<T> From<T> for Builder<T> {
    /// Goes on from a value, such as one that was read.
    fn from(value: T) -> Self {
        Self { value, mistake: None }
    }
}

/// Writes the setters of a type that is sent, and the rules that concern its fields together.
macro_rules! builder {
    ($name:ident {
        $( $field:ident: $kind:ty = $wire:literal $(! $required:ident)? $([ $min:literal..=$max:literal ])? ; )*
    } $( one of $( [ $( $one:ident $one_wire:literal ),* ] )* )? $( least $least:literal of [ $( $some:ident $some_wire:literal ),* ] )? ) => {
        impl $name {
            /// Starts building one.
            #[inline]
            pub fn builder() -> $crate::check::Builder<Self> {
                $crate::check::Builder::default()
            }
        }

        impl $crate::check::Builder<$name> {
            $(
                #[doc = concat!("Sets `", $wire, "`", $( " (", stringify!($required), ")", )? ".")]
                pub fn $field<V>(mut self, value: V) -> Self
                where
                    V: TryInto<$kind>,
                    $crate::check::Invalid: From<V::Error>,
                {
                    if let Some((whole, value)) = self.with::<V, $kind>($wire, value) {
                        whole.$field = value.into();
                    }
                    self
                }
            )*
        }

        impl $crate::check::Check for $name {
            #[inline]
            fn check(&self) -> Result<(), $crate::check::Invalid> {
                $(
                    $crate::value::Slot::check(&self.$field, $wire, $crate::check::is_required!($($required)?))?;
                    $(
                        // What is not there has no entries to count; whether it may be missing is another rule.
                        if !$crate::value::Slot::is_absent(&self.$field) {
                            $crate::check::items(self.$field.len(), $min, $max, $wire)?;
                        }
                    )?
                )*
                $(
                    let given = [$( [$( !$crate::value::Slot::is_absent(&self.$one) ),*].contains(&true) ),*];
                    $crate::check::exactly_one(&given, &[$( &[$( $one_wire ),*] ),*])?;
                )?
                $(
                    let given = [$( !$crate::value::Slot::is_absent(&self.$some) ),*];
                    let given = given.iter().filter(|given| **given).count() + self.extra.iter().count();
                    $crate::check::at_least(given, $least, &[$( $some_wire ),*])?;
                )?
                Ok(())
            }
        }
    };
}
pub(crate) use builder;

/// Whether a field of [`builder!`] was marked.
macro_rules! is_required {
    () => {
        false
    };
    (required) => {
        true
    };
}
pub(crate) use is_required;

/// Types that are only ever received have no rules for sending.
macro_rules! unchecked {
    ($($name:ident),* $(,)?) => { $( impl $crate::check::Check for $name {} )* };
}
pub(crate) use unchecked;

#[allow(dead_code, reason = "only documents that limit a list need it")]
pub(crate) fn items(count: usize, min: usize, max: usize, name: &str) -> Result<(), Invalid> {
    if count < min {
        return Err(Invalid::new(format!("needs at least {min} entries")).within(name));
    }
    if count > max {
        return Err(Invalid::new(format!("takes at most {max} entries")).within(name));
    }
    Ok(())
}

#[allow(dead_code, reason = "only documents with an object that may not be empty need it")]
pub(crate) fn at_least(given: usize, least: usize, names: &[&str]) -> Result<(), Invalid> {
    if given >= least {
        return Ok(());
    }
    Err(Invalid::new(format!("needs at least {least} of: {}", names.join(", "))))
}

#[allow(dead_code, reason = "only documents with exclusive alternatives need it")]
pub(crate) fn exactly_one(given: &[bool], names: &[&[&str]]) -> Result<(), Invalid> {
    if given.iter().filter(|given| **given).count() == 1 {
        return Ok(());
    }
    let names: Vec<String> = names.iter().map(|group| group.join(" with ")).collect();
    Err(Invalid::new("has to be given, and no other of them").within(&names.join(" or ")))
}
