//! The check of payloads.

use jsonschema::Validator;
use serde_json::Value;

use crate::{
    check::{check, refused},
    error::SchemaError,
    misfits::{Misfit, misfits, options},
    quick::Quick,
};

/// A schema made ready to check payloads. It may be shared by threads.
#[derive(Debug)]
pub struct PayloadSchema {
    schema: Value,
    validator: Validator,
    /// Most payloads fit, and of most schemas this finds out in less time than it takes to read a payload into memory.
    quick: Option<Quick>,
}

impl PayloadSchema {
    /// Checks a schema, and makes it ready. Formats are notes, as JSON Schema has them, and are not checked.
    ///
    /// # Errors
    /// The first problem, and its place.
    pub fn new(schema: &Value) -> Result<Self, SchemaError> {
        check(schema)?;
        let mut schema = schema.clone();
        jsonschema::draft202012::meta::validate(&schema).map_err(|error| refused(&schema, &error))?;
        if let Value::Object(members) = &mut schema {
            // It would be the base of references, which all lead within the schema.
            members.shift_remove("$id");
        }
        let validator = options().build(&schema).map_err(|error| refused(&schema, &error))?;
        let quick = Quick::new(&schema);
        Ok(Self { schema, validator, quick })
    }

    /// Checks a payload, given as JSON. A schema that follows itself in several ways looks at each value once.
    ///
    /// # Errors
    /// The places that do not fit, at most 20.
    pub fn check(&self, payload: &str) -> Result<(), Vec<Misfit>> {
        if self.quick.as_ref().is_some_and(|quick| quick.fits(payload)) {
            return Ok(());
        }
        let value: Value =
            serde_json::from_str(payload).map_err(|error| vec![Misfit::of_all(&error.to_string())])?;
        if self.validator.is_valid(&value) {
            Ok(())
        } else {
            Err(misfits(&self.schema, &value, payload.len()))
        }
    }
}
