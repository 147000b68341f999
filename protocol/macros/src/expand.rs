//! From the model to the code beside the trait.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::Ident;

use crate::parse::{Method, Service};

pub(crate) fn expand(service: &Service) -> TokenStream {
    let item = &service.item;
    let table = table(service);
    let request = request(service);
    let response = response(service);
    let callback = callback(service);
    quote! {
        #item
        #table
        #request
        #response
        #callback
    }
}

/// tarpc's own rule for the variant of a method.
fn variant(method: &Method) -> Ident {
    let text = method.ident.to_string();
    let camel: String = text
        .split('_')
        .map(|word| {
            let mut chars = word.chars();
            chars
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
                .unwrap_or_default()
        })
        .collect();
    Ident::new(&camel, method.ident.span())
}

fn table(service: &Service) -> TokenStream {
    let rows = service.methods.iter().map(|method| {
        let Method {
            ident,
            name,
            docs,
            params,
            result,
            errors,
            agents,
            repeat,
            effect,
            idempotent,
            since,
            deprecated,
            examples,
        } = method;
        let ident = ident.to_string();
        let since = since.as_ref().map_or_else(|| quote!("1.0"), |since| quote!(#since));
        // Whoever adds a method without a thought of agents gives them nothing.
        let agents = agents.as_ref().map_or_else(|| quote!(Refused), |access| quote!(#access));
        // Whoever adds one without a thought of lost answers has it sent once.
        let repeat = repeat.as_ref().map_or_else(|| quote!(Never), |repeat| quote!(#repeat));
        // What is safe to repeat only reads. Whoever adds a method that is not, without a thought of its effect, has
        // it taken for one that changes what is there.
        let safe = repeat.to_string() == "Safe";
        let effect = effect
            .as_ref()
            .map_or_else(|| if safe { quote!(Reads) } else { quote!(Changes) }, |effect| quote!(#effect));
        let idempotent = idempotent.as_ref().map_or(safe, syn::LitBool::value);
        let deprecated = deprecated.as_ref().map_or_else(|| quote!(None), |why| quote!(Some(#why)));
        let examples = examples.iter().map(|example| {
            let (name, params, result) = (&example.name, &example.params, &example.result);
            quote!(crate::definition::Example { name: #name, params: #params, result: #result })
        });
        quote! {
            crate::definition::Method {
                name: #name,
                ident: #ident,
                docs: &[#(#docs),*],
                params: crate::definition::TypeRef::of::<#params>,
                result: crate::definition::TypeRef::of_result::<#result>,
                errors: &[#(crate::error::ErrorKind::#errors),*],
                agents: crate::definition::AgentAccess::#agents,
                repeat: crate::definition::Repeat::#repeat,
                effect: crate::definition::Effect::#effect,
                idempotent: #idempotent,
                since: #since,
                deprecated: #deprecated,
                examples: &[#(#examples),*],
            }
        }
    });
    quote! {
        /// Every method of the service, in the order of the trait.
        pub static METHODS: &[crate::definition::Method] = &[#(#rows),*];
    }
}

fn request(service: &Service) -> TokenStream {
    let request = format_ident!("{}Request", service.item.ident);
    let variants: Vec<_> = service.methods.iter().map(variant).collect();
    let names: Vec<_> = service.methods.iter().map(|method| &method.name).collect();
    let indices = 0..service.methods.len();
    let has_key = |method: &&Method| method.repeat.as_ref().is_some_and(|repeat| repeat == "Key");
    let keyed = service.methods.iter().filter(has_key).map(variant);
    quote! {
        impl #request {
            /// The request that `method` with `params` (a JSON text) stands for.
            ///
            /// # Errors
            /// The method is unknown, or `params` do not fit its type.
            pub fn decode(method: &str, params: Option<&str>) -> Result<Self, crate::wire::DecodeError> {
                Ok(match method {
                    #(#names => Self::#variants { params: crate::wire::decode_params(params)? },)*
                    _ => return Err(crate::wire::DecodeError::UnknownMethod),
                })
            }

            /// The place of this request's method in [`METHODS`].
            pub fn index(&self) -> usize {
                match self {
                    #(Self::#variants { .. } => #indices,)*
                }
            }

            /// The place for the `idempotencyKey` of a call that can be repeated with one; none of another.
            pub fn idempotency_key(&mut self) -> Option<&mut Option<String>> {
                match self {
                    #(Self::#keyed { params } => Some(&mut params.idempotency_key),)*
                    _ => None,
                }
            }

            /// Appends the params as JSON.
            ///
            /// # Errors
            /// A value that JSON cannot hold.
            pub fn encode_params(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
                match self {
                    #(Self::#variants { params } => serde_json::to_writer(out, params),)*
                }
            }
        }
    }
}

fn response(service: &Service) -> TokenStream {
    let response = format_ident!("{}Response", service.item.ident);
    let variants: Vec<_> = service.methods.iter().map(variant).collect();
    let indices = 0..service.methods.len();
    quote! {
        impl #response {
            /// Appends the result as JSON, or hands out the error that stands in its place.
            ///
            /// # Errors
            /// The method's own error; inside, a value that JSON cannot hold.
            pub fn encode(&self, out: &mut Vec<u8>) -> Result<serde_json::Result<()>, &crate::error::ApiError> {
                match self {
                    #(Self::#variants(Ok(result)) => Ok(serde_json::to_writer(out, result)),)*
                    #(Self::#variants(Err(error)) => Err(error),)*
                }
            }

            /// The error that stands in the place of the result, if one does.
            pub fn error(&self) -> Option<&crate::error::ApiError> {
                match self {
                    #(Self::#variants(result) => result.as_ref().err(),)*
                }
            }

            /// The response to the method at `index` of [`METHODS`], from its result as JSON or its error.
            ///
            /// # Errors
            /// The result does not fit the method's type, or there is no such method.
            pub fn decode(index: usize, outcome: Result<&str, crate::error::ApiError>) -> serde_json::Result<Self> {
                Ok(match index {
                    #(#indices => Self::#variants(match outcome {
                        Ok(result) => Ok(serde_json::from_str(result)?),
                        Err(error) => Err(error),
                    }),)*
                    _ => return Err(serde::de::Error::custom("no such method")),
                })
            }
        }
    }
}

fn callback(service: &Service) -> TokenStream {
    let methods = service.methods.iter().map(|method| {
        let Method { ident, name, docs, params, result, .. } = method;
        let example = rust_example(method);
        quote!(#(#[doc = #docs])* #(#[doc = #example])* fn #ident = #name(#params) -> #result;)
    });
    quote! {
        /// Hands every method to `callback!`, as `/// docs` and `fn name = "wire.name"(Params) -> Result;` one after the other.
        ///
        /// The Rust client writes its methods with it, so that a new one needs nothing there. The types are named as
        /// in [`crate::types`].
        #[macro_export]
        macro_rules! for_each_method {
            ($callback:ident) => { $callback! { #(#methods)* } };
        }
    }
}

/// The first example of a method, as lines of the Rust client's documentation. What runs it is hidden.
fn rust_example(method: &Method) -> Vec<String> {
    let Some(example) = method.examples.first() else { return Vec::new() };
    let (ident, params) = (&method.ident, example.params.value());
    let mut lines = vec![
        String::new(),
        "```".to_owned(),
        "# aiwg_testing::method_example(|client| async move {".to_owned(),
    ];
    let has_params = !method.params.to_token_stream().to_string().ends_with("NoParams");
    if has_params {
        lines.push("use aiwg_client::serde_json::{from_value, json};".to_owned());
        lines.push(String::new());
        lines.extend(
            format!("let params = from_value(json!({}))?;", params.trim()).lines().map(str::to_owned),
        );
    } else {
        lines.push("use aiwg_client::types::NoParams;".to_owned());
        lines.push(String::new());
    }
    let params = if has_params { "params" } else { "NoParams {}" };
    lines.push(format!("let answer = client.{ident}({params}).await?;"));
    lines.push(r##"println!("{answer:?}");"##.to_owned());
    lines.extend(["# Ok(())", "# });", "```"].map(str::to_owned));
    lines
}
