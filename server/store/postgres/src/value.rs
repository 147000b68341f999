//! Values on their way to PostgreSQL and back.

use std::error::Error;

use aiwg_store::Result;
use aiwg_store_sql::{Row, Value, ValueRef, unreadable};
use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// What stands for the one character that no text in PostgreSQL can have.
const FOR_NUL: &str = "\u{fffd}";

/// A value for a parameter, whatever type PostgreSQL gives that.
#[derive(Debug)]
pub(super) struct Param<'v>(pub(super) &'v Value<'v>);

/// A row of a result.
pub struct PostgresRow<'r>(pub(super) &'r tokio_postgres::Row);

/// The value of a column.
struct Held<'a>(Option<ValueRef<'a>>);

impl ToSql for Param<'_> {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, wanted) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Integer(number), &Type::INT8) => out.put_i64(*number),
            (Value::Integer(number), &Type::INT4) => out.put_i32(i32::try_from(*number)?),
            (Value::Integer(number), &Type::INT2) => out.put_i16(i16::try_from(*number)?),
            (Value::Integer(number), &Type::BOOL) => out.put_u8(u8::from(*number != 0)),
            (Value::Integer(number), &Type::FLOAT8) => out.put_f64(*number as f64),
            (Value::Real(number), &Type::FLOAT8) => out.put_f64(*number),
            (Value::Blob(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => {
                for (at, part) in text.split('\0').enumerate() {
                    out.put_slice(if at > 0 { FOR_NUL.as_bytes() } else { b"" });
                    out.put_slice(part.as_bytes());
                }
            }
            (value, wanted) => return Err(format!("{value:?} is no {wanted}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Held<'a> {
    fn from_sql(held: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *held {
            Type::INT8 => Some(ValueRef::Integer(i64::from_be_bytes(raw.try_into()?))),
            Type::INT4 => Some(ValueRef::Integer(i32::from_be_bytes(raw.try_into()?).into())),
            Type::INT2 => Some(ValueRef::Integer(i16::from_be_bytes(raw.try_into()?).into())),
            Type::BOOL => Some(ValueRef::Integer(i64::from(raw.first().is_some_and(|byte| *byte != 0)))),
            Type::FLOAT8 => Some(ValueRef::Real(f64::from_be_bytes(raw.try_into()?))),
            Type::BYTEA => Some(ValueRef::Blob(raw)),
            Type::TEXT | Type::VARCHAR | Type::NAME => Some(ValueRef::Text(raw)),
            _ => None,
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(ValueRef::Null)))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Row for PostgresRow<'_> {
    fn value(&self, column: usize) -> Result<ValueRef<'_>> {
        let held: Held<'_> = self.0.try_get(column).map_err(|error| unreadable(error.to_string()))?;
        held.0.ok_or_else(|| unreadable(format!("the column {column} is of a type that is not read")))
    }
}
