//! The values of parameters and columns.

use std::borrow::Cow;

use aiwg_store::{ErrorKind, Result, StoreError};

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// None.
    Null,
    /// A whole number; a switch is 1 or 0.
    Integer(i64),
    /// A number that need not be whole.
    Real(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// Bytes.
    Blob(Cow<'a, [u8]>),
}

impl Value<'_> {
    /// The same, which borrows nothing.
    #[must_use]
    pub fn owned(&self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(*number),
            Self::Real(number) => Value::Real(*number),
            Self::Text(text) => Value::Text(Cow::Owned(text.clone().into_owned())),
            Self::Blob(bytes) => Value::Blob(Cow::Owned(bytes.clone().into_owned())),
        }
    }
}

/// The value of a column, in the row that it is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// None.
    Null,
    /// A whole number; a switch is 1 or 0.
    Integer(i64),
    /// A number that need not be whole.
    Real(f64),
    /// What should be a text in UTF-8.
    Text(&'a [u8]),
    /// Bytes.
    Blob(&'a [u8]),
}

impl<'a> ValueRef<'a> {
    /// The text.
    ///
    /// # Errors
    /// It is none.
    pub fn as_str(self) -> Result<&'a str> {
        match self {
            Self::Text(text) => std::str::from_utf8(text).map_err(|error| unreadable(error.to_string())),
            other => Err(other.is_no("text")),
        }
    }

    /// The bytes.
    ///
    /// # Errors
    /// It is none.
    pub fn as_blob(self) -> Result<&'a [u8]> {
        match self {
            Self::Blob(bytes) => Ok(bytes),
            other => Err(other.is_no("blob")),
        }
    }

    fn is_no(self, wanted: &str) -> StoreError {
        let held = match self {
            Self::Null => "nothing",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a real",
            Self::Text(_) => "a text",
            Self::Blob(_) => "a blob",
        };
        unreadable(format!("a column holds {held}, and no {wanted}"))
    }
}

/// The error of a row that cannot be read, while all others can.
#[cold]
pub fn unreadable(message: impl Into<String>) -> StoreError {
    StoreError::new(ErrorKind::Row, message)
}

/// What can be the value of a parameter.
pub trait ToValue {
    /// It as such a value.
    ///
    /// # Errors
    /// There is none for it.
    fn to_value(&self) -> Result<Value<'_>>;
}

/// What can be read from a column.
pub trait FromValue: Sized {
    /// It from the value of a column.
    ///
    /// # Errors
    /// The column holds something else: [`ErrorKind::Row`].
    fn from_value(value: ValueRef<'_>) -> Result<Self>;
}

/// The values of a statement's parameters, in their order.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::value::ToValue::to_value(&$value)?),*]
    };
}
pub(crate) use values;

/// The marks of a list of texts, and their values: a list in one value has numbers only.
pub(crate) fn texts<'a>(all: &[&'a str]) -> (String, Vec<Value<'a>>) {
    (vec!["?"; all.len()].join(", "), all.iter().map(|text| Value::Text(Cow::Borrowed(*text))).collect())
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Result<Value<'_>> {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Result<Value<'_>> {
        self.as_ref().map_or(Ok(Value::Null), T::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        if value == ValueRef::Null { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl ToValue for Value<'_> {
    fn to_value(&self) -> Result<Value<'_>> {
        Ok(match self {
            Value::Null => Value::Null,
            Value::Integer(number) => Value::Integer(*number),
            Value::Real(number) => Value::Real(*number),
            Value::Text(text) => Value::Text(Cow::Borrowed(text)),
            Value::Blob(bytes) => Value::Blob(Cow::Borrowed(bytes)),
        })
    }
}

impl ToValue for str {
    fn to_value(&self) -> Result<Value<'_>> {
        Ok(Value::Text(Cow::Borrowed(self)))
    }
}

impl ToValue for String {
    fn to_value(&self) -> Result<Value<'_>> {
        self.as_str().to_value()
    }
}

impl ToValue for Cow<'_, str> {
    fn to_value(&self) -> Result<Value<'_>> {
        (**self).to_value()
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Result<Value<'_>> {
        Ok(Value::Blob(Cow::Borrowed(self)))
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Result<Value<'_>> {
        Ok(Value::Real(*self))
    }
}

impl FromValue for f64 {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Real(number) => Ok(number),
            ValueRef::Integer(number) => Ok(number as f64),
            other => Err(other.is_no("number")),
        }
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Result<Value<'_>> {
        Ok(Value::Integer(i64::from(*self)))
    }
}

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl FromValue for i64 {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Integer(number) => Ok(number),
            other => Err(other.is_no("integer")),
        }
    }
}

macro_rules! whole {
    ($($type:ty),*) => {
        $(
            impl ToValue for $type {
                fn to_value(&self) -> Result<Value<'_>> {
                    i64::try_from(*self).map(Value::Integer).map_err(|_| too_large())
                }
            }
        )*
    };
}

macro_rules! narrow {
    ($($type:ty),*) => {
        $(
            impl FromValue for $type {
                fn from_value(value: ValueRef<'_>) -> Result<Self> {
                    let number = i64::from_value(value)?;
                    Self::try_from(number).map_err(|_| unreadable(format!("a column holds {number}, which is out of range")))
                }
            }
        )*
    };
}

// What cannot fail is compiled to nothing.
whole!(i32, i64, u8, u32, u64, usize);
narrow!(i32, u8, u32, u64, usize);

#[cold]
fn too_large() -> StoreError {
    StoreError::new(ErrorKind::Other, "a number is too large to be stored")
}
