//! Types that are nothing but themselves.

use super::super::{Type, TypeDef, TypeKind};

/// The note on such a type.
const NOTE: &str = "Its schema refers to nothing but itself: any JSON.";

/// Makes any JSON of the types that lead back to themselves without a list or an object in between: no language has a word
/// for them, and no value is ruled out by them.
pub(super) fn break_up(types: &mut [TypeDef]) {
    for at in 0..types.len() {
        let Some(name) = types.get(at).map(|def| def.name.clone()) else { return };
        if leads_back(types, &name)
            && let Some(def) = types.get_mut(at)
        {
            def.kind = TypeKind::Alias(Type::Json);
            def.docs = [def.docs.trim(), NOTE].join(" ").trim().to_owned();
        }
    }
}

fn leads_back(types: &[TypeDef], name: &str) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut open = same(types, name);
    while let Some(next) = open.pop() {
        if next == name {
            return true;
        }
        if !seen.contains(&next) {
            seen.push(next);
            open.extend(same(types, next));
        }
    }
    false
}

/// The types whose values are values of the named one, too.
fn same<'a>(types: &'a [TypeDef], name: &str) -> Vec<&'a str> {
    fn plain(ty: &Type) -> Option<&str> {
        match ty {
            Type::Ref(name) => Some(name),
            Type::Nullable(inner) => plain(inner),
            _ => None,
        }
    }
    match types.iter().find(|def| def.name == name).map(|def| &def.kind) {
        Some(TypeKind::Alias(ty)) => plain(ty).into_iter().collect(),
        Some(TypeKind::Union(union)) => union.arms.iter().filter_map(plain).collect(),
        _ => Vec::new(),
    }
}
