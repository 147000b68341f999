//! `#[methods]`, the attribute that is stacked over `#[tarpc::service]`.
//!
//! tarpc knows nothing of JSON-RPC: its request enum has no method names, no documentation and no errors, and no
//! serde attribute can be put on it. This attribute reads the trait once, takes its own `#[method(...)]` and
//! `#[example(...)]` attributes out, leaves the rest to tarpc, and writes beside it what the wire, the clients and the
//! documents need: the method table, the mapping between wire names and the enums, and `for_each_method!`.

mod expand;
mod parse;

use proc_macro::TokenStream;

/// Turns a tarpc service trait into the definition of a JSON-RPC API.
///
/// Each method takes exactly one argument, its params struct, returns `Result<R, ApiError>`, has a doc comment (the first
/// paragraph is the summary, the others the description) and carries:
///
/// - `#[method(name = "task.submit", errors = [QueueFull], agents = Allowed, repeat = Key, effect = Adds, idempotent = true,
///   since = "1.0", deprecated = "use ...")]`: the wire name, the kinds of error it may answer with beyond those that every
///   method may, what agents may with it (a variant of `AgentAccess`; `Refused` unless given), how a lost call is repeated
///   (a variant of `Repeat`; `Never` unless given), what it does to what is there (a variant of `Effect`; `Reads` where it is
///   safe to repeat, else `Changes`), whether a second call with the same params changes nothing more (unless given, true
///   only where it is safe to repeat), since which protocol version it exists, and why it should no longer be used. Only
///   `name` is required.
/// - `#[example(name = "...", params = r#"{...}"#, result = r#"..."#)]`: any number of them; JSON texts.
#[proc_macro_attribute]
pub fn methods(attr: TokenStream, item: TokenStream) -> TokenStream {
    let attr = proc_macro2::TokenStream::from(attr);
    if !attr.is_empty() {
        return syn::Error::new_spanned(attr, "`methods` takes no arguments").into_compile_error().into();
    }
    let item = syn::parse_macro_input!(item as syn::ItemTrait);
    parse::Service::new(item)
        .map_or_else(syn::Error::into_compile_error, |service| expand::expand(&service))
        .into()
}
