//! From the trait as written to a checked model of it.

use syn::{
    Attribute, Error, Expr, ExprArray, FnArg, GenericArgument, Ident, ItemTrait, Lit, LitBool, LitStr, Meta,
    Path, PathArguments, Result, ReturnType, TraitItem, TraitItemFn, Type, spanned::Spanned,
};

/// The trait, with this macro's own attributes taken out, and its methods.
pub(crate) struct Service {
    pub(crate) item: ItemTrait,
    pub(crate) methods: Vec<Method>,
}

/// One method of the service.
pub(crate) struct Method {
    pub(crate) ident: Ident,
    pub(crate) name: LitStr,
    pub(crate) docs: Vec<LitStr>,
    pub(crate) params: Type,
    pub(crate) result: Type,
    pub(crate) errors: Vec<Path>,
    /// A variant of `AgentAccess`.
    pub(crate) agents: Option<Ident>,
    /// A variant of `Repeat`.
    pub(crate) repeat: Option<Ident>,
    /// A variant of `Effect`.
    pub(crate) effect: Option<Ident>,
    pub(crate) idempotent: Option<LitBool>,
    pub(crate) since: Option<LitStr>,
    pub(crate) deprecated: Option<LitStr>,
    pub(crate) examples: Vec<Example>,
}

/// A request and its answer, as JSON texts.
pub(crate) struct Example {
    pub(crate) name: LitStr,
    pub(crate) params: LitStr,
    pub(crate) result: LitStr,
}

impl Service {
    pub(crate) fn new(mut item: ItemTrait) -> Result<Self> {
        let mut methods = Vec::new();
        for entry in &mut item.items {
            match entry {
                TraitItem::Fn(function) => methods.push(Method::take(function)?),
                other => return Err(Error::new_spanned(other, "a service has methods only")),
            }
        }
        Ok(Self { item, methods })
    }
}

impl Method {
    /// Reads a method and removes the attributes that only this macro knows.
    fn take(function: &mut TraitItemFn) -> Result<Self> {
        let (own, rest) = std::mem::take(&mut function.attrs)
            .into_iter()
            .partition(|attr: &Attribute| attr.path().is_ident("method") || attr.path().is_ident("example"));
        function.attrs = rest;
        let docs = docs(&function.attrs);
        if docs.is_empty() {
            return Err(Error::new_spanned(
                &function.sig.ident,
                "a method of the service needs a doc comment",
            ));
        }
        let mut method = Self {
            ident: function.sig.ident.clone(),
            name: LitStr::new("", function.sig.ident.span()),
            docs,
            params: params(function)?,
            result: result(&function.sig.output)?,
            errors: Vec::new(),
            agents: None,
            repeat: None,
            effect: None,
            idempotent: None,
            since: None,
            deprecated: None,
            examples: Vec::new(),
        };
        let own: Vec<Attribute> = own;
        for attr in &own {
            if attr.path().is_ident("method") {
                method.read_method(attr)?;
            } else {
                method.examples.push(Example::read(attr)?);
            }
        }
        if method.name.value().is_empty() {
            return Err(Error::new_spanned(&method.ident, "give the wire name: #[method(name = \"...\")]"));
        }
        Ok(method)
    }

    fn read_method(&mut self, attr: &Attribute) -> Result<()> {
        attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                self.name = meta.value()?.parse()?;
            } else if meta.path.is_ident("since") {
                self.since = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("deprecated") {
                self.deprecated = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("agents") {
                self.agents = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("repeat") {
                self.repeat = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("effect") {
                self.effect = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("idempotent") {
                self.idempotent = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("errors") {
                self.errors = paths(meta.value()?.parse()?)?;
            } else {
                return Err(meta.error(
                    "expected `name`, `errors`, `agents`, `repeat`, `effect`, `idempotent`, `since` or `deprecated`",
                ));
            }
            Ok(())
        })
    }
}

impl Example {
    fn read(attr: &Attribute) -> Result<Self> {
        let (mut name, mut params, mut result) = (None, None, None);
        attr.parse_nested_meta(|meta| {
            let slot = if meta.path.is_ident("name") {
                &mut name
            } else if meta.path.is_ident("params") {
                &mut params
            } else if meta.path.is_ident("result") {
                &mut result
            } else {
                return Err(meta.error("expected `name`, `params` or `result`"));
            };
            *slot = Some(meta.value()?.parse::<LitStr>()?);
            Ok(())
        })?;
        match (name, params, result) {
            (Some(name), Some(params), Some(result)) => Ok(Self { name, params, result }),
            _ => Err(Error::new_spanned(attr, "an example has a `name`, `params` and a `result`")),
        }
    }
}

fn docs(attrs: &[Attribute]) -> Vec<LitStr> {
    let lines = attrs.iter().filter(|attr| attr.path().is_ident("doc")).filter_map(|attr| match &attr.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(expr) => match &expr.lit {
                Lit::Str(text) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect()
}

fn params(function: &TraitItemFn) -> Result<Type> {
    let mut inputs = function.sig.inputs.iter();
    match (inputs.next(), inputs.next()) {
        (Some(FnArg::Typed(argument)), None) => Ok((*argument.ty).clone()),
        _ => Err(Error::new(
            function.sig.span(),
            "a method takes one argument, its params struct: `params: T`",
        )),
    }
}

/// `R` of `Result<R, ApiError>`.
fn result(output: &ReturnType) -> Result<Type> {
    let wrong = || Error::new_spanned(output, "a method returns `Result<R, ApiError>`");
    let ReturnType::Type(_, ty) = output else { return Err(wrong()) };
    let Type::Path(path) = &**ty else { return Err(wrong()) };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Result").ok_or_else(wrong)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return Err(wrong()) };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) => Ok(ty.clone()),
        _ => Err(wrong()),
    }
}

fn paths(array: ExprArray) -> Result<Vec<Path>> {
    let path = |expr: Expr| match expr {
        Expr::Path(path) => Ok(path.path),
        other => Err(Error::new_spanned(other, "expected the name of an `ErrorKind`")),
    };
    array.elems.into_iter().map(path).collect()
}
