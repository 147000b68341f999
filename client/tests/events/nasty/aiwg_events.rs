// Generated from the topics of .aiwg/daemon.json by `aiwg generate rust`. Do not edit.
// The topics of the project, each a type that `DaemonClient::emit_event` of `aiwg-client` takes. It is a module: `mod aiwg_events;`.

use std::collections::BTreeMap;

use aiwg_client::Topic;
use aiwg_client::serde::{Deserialize, Serialize};
use aiwg_client::serde_json::Value;

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct Topic9438(pub Nothing);

impl Topic for Topic9438 {
    const NAME: &'static str = "-";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct Topic12(pub i64);

impl Topic for Topic12 {
    const NAME: &'static str = "1:2";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub enum TopicPayload {
    #[serde(rename = "x")]
    X,
}

impl Topic for TopicPayload {
    const NAME: &'static str = ":";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct AB1f00(pub f64);

impl Topic for AB1f00 {
    const NAME: &'static str = "A:B";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct Topic196e(pub ());

impl Topic for Topic196e {
    const NAME: &'static str = "_";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct Proto {
    #[serde(rename = "__proto__")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proto: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constructor: Option<String>,
    #[serde(rename = "__x")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<i64>,
}

impl Topic for Proto {
    const NAME: &'static str = "__proto__";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct ABdf63(pub bool);

impl Topic for ABdf63 {
    const NAME: &'static str = "a-b";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct ABf50c(pub i64);

impl Topic for ABf50c {
    const NAME: &'static str = "a.b";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct AB75c1(pub ());

impl Topic for AB75c1 {
    const NAME: &'static str = "a/b";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct AB(pub String);

impl Topic for AB {
    const NAME: &'static str = "a:b";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct Ab(pub Value);

impl Topic for Ab {
    const NAME: &'static str = "ab";
}

/// Its schema refers to nothing but itself: any JSON.
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct AnyPayload(pub Value);

impl Topic for AnyPayload {
    const NAME: &'static str = "any";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct Circles {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<CirclesA>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c: Option<CirclesC>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub u: Option<CirclesU>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Box<Circles>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<CirclesPropertiesNamedPropertiesDeep>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<CirclesNamed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escaped: Option<CirclesWith1slashAnd>,
    /// The schema demands more than the type says: `$ref`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<Value>,
    /// The schema demands more than the type says: `$ref`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<Value>,
}

impl Topic for Circles {
    const NAME: &'static str = "circles";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct CirclesNamedDeep {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<i64>,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct CirclesNamed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deep: Option<CirclesNamedDeep>,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct CirclesWith1slashAnd(pub String);

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct CirclesPropertiesNamedPropertiesDeep {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<i64>,
}

/// Its schema refers to nothing but itself: any JSON.
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct CirclesU(pub Value);

/// Its schema refers to nothing but itself: any JSON.
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct CirclesC(pub Value);

/// Its schema refers to nothing but itself: any JSON.
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct CirclesA(pub Value);

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct CirclesB(pub CirclesA);

/// Has */ and /* and """ and \ and \u0041 and {{ braces }} in it\
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct Class(pub BTreeMap<String, Value>);

impl Topic for Class {
    const NAME: &'static str = "class";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct DaemonClientPayload(pub BTreeMap<String, Value>);

impl Topic for DaemonClientPayload {
    const NAME: &'static str = "daemon-client";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct Endless {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<EndlessN>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub m: Option<EndlessNM>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub o: Option<EndlessNMMO>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s: Option<EndlessS>,
}

impl Topic for Endless {
    const NAME: &'static str = "endless";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct EndlessNMMO {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<Box<EndlessN>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub m: Option<Box<EndlessNM>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub o: Option<Box<EndlessNMMO>>,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct EndlessNMM {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<Box<EndlessN>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub m: Option<Box<EndlessNMM>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub o: Option<Box<EndlessNMMO>>,
    pub q: Value,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct EndlessNM {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<Box<EndlessN>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub m: Option<Box<EndlessNMM>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub o: Option<Box<EndlessNMMO>>,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct EndlessN {
    pub n: Box<EndlessN>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub m: Option<Box<EndlessNM>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub o: Option<Box<EndlessNMMO>>,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct EndlessS(pub Value);

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct EventPayload {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
}

impl Topic for EventPayload {
    const NAME: &'static str = "event";
}

/// Ends with a "quote"
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct From {
    pub from: String,
}

impl Topic for From {
    const NAME: &'static str = "from";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct Json(pub Option<Box<JsonValue>>);

impl Topic for Json {
    const NAME: &'static str = "json";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(untagged)]
pub enum JsonValue {
    Text(String),
    Boolean(bool),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
    Number(f64),
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct MemberNames {
    pub from: String,
    pub class: String,
    pub r#type: String,
    #[serde(rename = "self")]
    pub self_: String,
    #[serde(rename = "Self")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_x8197: Option<String>,
    #[serde(rename = "SELF")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_xd677: Option<String>,
    #[serde(rename = "super")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub super_: Option<String>,
    #[serde(rename = "crate")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crate_: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#fn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#gen: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#async: Option<String>,
    #[serde(rename = "None")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<String>,
    #[serde(rename = "fooBar")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foo_bar_xfa08: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foo_bar: Option<String>,
    #[serde(rename = "FooBar")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foo_bar_xdbe8: Option<String>,
    #[serde(rename = "foo-bar")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foo_bar_x7877: Option<String>,
    #[serde(rename = "")]
    pub empty: String,
    #[serde(rename = " ")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_x8f7f: Option<String>,
    #[serde(rename = "1")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n1: Option<String>,
    #[serde(rename = "größe")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gru00f6u00dfe: Option<String>,
    #[serde(rename = "日本")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub u65e5u672c: Option<String>,
    #[serde(rename = "🎉")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_x7d09: Option<String>,
    #[serde(rename = "²")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub u00b2: Option<String>,
    #[serde(rename = "a\nb")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a_b: Option<String>,
    #[serde(rename = "a\"b")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a_b_x16b8: Option<String>,
    #[serde(rename = "a'b")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a_b_xe449: Option<String>,
    #[serde(rename = "a\\b")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a_b_x2fb6: Option<String>,
    #[serde(rename = "a\u{2028}b")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a_b_x2f00: Option<String>,
    #[serde(rename = "*/")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_x6956: Option<String>,
    pub list: Vec<String>,
    pub int: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dict: Option<BTreeMap<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub get: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    #[serde(rename = "_")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_x196e: Option<String>,
    #[serde(rename = "__")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_xa823: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constructor: Option<String>,
    #[serde(rename = "__proto__")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proto: Option<String>,
    /// */ """ \" `code` <b> [link] # head
    /// - list
    /// lazy
    ///
    #[serde(rename = "with docs")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_docs: Option<String>,
    #[serde(rename = "not declared")]
    pub not_declared: Value,
}

impl Topic for MemberNames {
    const NAME: &'static str = "member:names";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct Open {
    pub a: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// The members beside those.
    #[serde(flatten)]
    pub other_members: BTreeMap<String, i64>,
}

impl Topic for Open {
    const NAME: &'static str = "open";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct OpenAny {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<String>,
    /// The members beside those.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Topic for OpenAny {
    const NAME: &'static str = "open:any";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct ProjectTopicsPayload(pub Vec<Value>);

impl Topic for ProjectTopicsPayload {
    const NAME: &'static str = "project:topics";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub enum SelfPayload {
    #[serde(rename = "self")]
    SelfValue,
    #[serde(rename = "Self")]
    SelfValue8197,
    #[serde(rename = "SELF")]
    SelfValued677,
    #[serde(rename = "")]
    Empty,
    #[serde(rename = "1")]
    N1,
    #[serde(rename = "-")]
    Empty9438,
    #[serde(rename = "a b")]
    AB,
    #[serde(rename = "a-b")]
    ABdf63,
    #[serde(rename = "ä")]
    U00c4,
    #[serde(rename = "\"")]
    Empty92a5,
    #[serde(rename = "'")]
    Empty8ac6,
    #[serde(rename = "\\")]
    Empty17db,
    #[serde(rename = "\n")]
    Empty6cdd,
    None,
    #[serde(rename = "true")]
    True,
}

impl Topic for SelfPayload {
    const NAME: &'static str = "self";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct StringPayload(pub String);

impl Topic for StringPayload {
    const NAME: &'static str = "string";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct TaskEvent(pub String);

impl Topic for TaskEvent {
    const NAME: &'static str = "task-event";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct TopicEventPayload(pub Vec<TopicEventPayloadItem>);

impl Topic for TopicEventPayload {
    const NAME: &'static str = "topic:event";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct TopicEventPayloadItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<String>,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct Tree(pub TreeNode);

impl Topic for Tree {
    const NAME: &'static str = "tree";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct TreeNode {
    pub value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Box<TreeNode>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Box<TreeNode>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<TreeNode>>,
    #[serde(rename = "byName")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_name: Option<BTreeMap<String, TreeNode>>,
    /// Length at least 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<(Box<TreeNode>, String)>,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct Tuples {
    /// Length at least 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<(f64, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<Vec<Value>>,
    /// Not empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<Vec<Value>>,
    /// Length from 1 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one: Option<(f64,)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nullable: Option<Vec<Option<String>>>,
}

impl Topic for Tuples {
    const NAME: &'static str = "tuples";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct Type {}

impl Topic for Type {
    const NAME: &'static str = "type";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct TypedDictPayload(pub BTreeMap<String, i64>);

impl Topic for TypedDictPayload {
    const NAME: &'static str = "typed:dict";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct UnionMixed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<UnionMixedA>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<UnionMixedB>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c: Option<UnionMixedC>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub d: Option<UnionMixedD>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<UnionMixedE>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f: Option<UnionMixedF>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub g: Option<UnionMixedG>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub j: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<UnionMixedK>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub l: Option<UnionMixedL>,
}

impl Topic for UnionMixed {
    const NAME: &'static str = "union:mixed";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(untagged)]
pub enum UnionMixedA {
    Text(String),
    Integer(i64),
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(untagged)]
pub enum UnionMixedB {
    Text(String),
    List(Vec<f64>),
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub enum UnionMixedC {
    #[serde(rename = "x")]
    X,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub enum UnionMixedD {
    /// Little.
    #[serde(rename = "low")]
    Low,
    #[serde(rename = "high")]
    High,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct UnionMixedE {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct UnionMixedF(pub bool);

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(untagged)]
pub enum UnionMixedG {
    Integer(i64),
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct UnionMixedK(pub Nothing);

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct UnionMixedL(pub Nothing);

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(untagged)]
pub enum UnionShared {
    Variant1(UnionSharedVariant1),
    Variant2(UnionSharedVariant2),
}

impl Topic for UnionShared {
    const NAME: &'static str = "union:shared";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct UnionSharedVariant1 {
    pub text: String,
    pub id: i64,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct UnionSharedVariant2 {
    pub number: f64,
    pub id: i64,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(untagged)]
pub enum UnionTagged {
    Circle(UnionTaggedCircle),
    Square(UnionTaggedSquare),
    OtherShape(UnionTaggedOtherShape),
}

impl Topic for UnionTagged {
    const NAME: &'static str = "union:tagged";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub enum UnionTaggedCircleKind {
    #[serde(rename = "circle")]
    Circle,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct UnionTaggedCircle {
    pub kind: UnionTaggedCircleKind,
    pub radius: f64,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub enum UnionTaggedSquareKind {
    #[serde(rename = "square")]
    Square,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct UnionTaggedSquare {
    pub kind: UnionTaggedSquareKind,
    pub side: f64,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub enum UnionTaggedOtherShapeKind {
    #[serde(rename = "other")]
    Other,
}

/// Other shape
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct UnionTaggedOtherShape {
    pub kind: UnionTaggedOtherShapeKind,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct UnionTypes(pub Option<UnionTypesValue>);

impl Topic for UnionTypes {
    const NAME: &'static str = "union:types";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(untagged)]
pub enum UnionTypesValue {
    Text(String),
    Integer(i64),
    List(Vec<String>),
}

/// Beyond types.
///
/// The schema demands more than the type says: `minProperties`, `patternProperties`.
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct Unsaid {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The schema demands more than the type says: `not`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not: Option<String>,
    /// The schema demands more than the type says: `if`, `then`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#if: Option<Value>,
    /// From 1 to 9; `3` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// The schema demands more than the type says: `patternProperties`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub either: Option<UnsaidEither>,
    /// The members beside those.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Topic for Unsaid {
    const NAME: &'static str = "unsaid";
}

/// The schema demands more than the type says: `anyOf`.
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct UnsaidEither {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<Value>,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct ValuePayload(pub Option<ValuePayloadValue>);

impl Topic for ValuePayload {
    const NAME: &'static str = "value";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(untagged)]
pub enum ValuePayloadValue {
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Text(String),
}

/// A value that there is none of.
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub enum Nothing {}
