//! Cost of a run while it goes on.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::{
    evaluation::{Tokens, TokensByModel},
    numbers::believed_usd,
    price::Spent,
};

/// The most messages that are held apart: a message comes as several lines, but not after so many others.
const MOST_MESSAGES: usize = 64;

/// The most models that are told apart.
const MOST_MODELS: usize = 64;

/// Model of the messages that the program writes itself.
const SYNTHETIC: &str = "<synthetic>";

/// The `message` of an answer of the model, of which the conversation is left out.
#[derive(Debug, Default)]
pub(super) struct ModelMessage {
    id: Option<String>,
    model: Option<String>,
    usage: Value,
}

impl<'de> Deserialize<'de> for ModelMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Members)
    }
}

/// Reads the members of a message; whatever else it is counts as none.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = ModelMessage;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ModelMessage, A::Error> {
        let mut message = ModelMessage::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "id" => message.id = map.next_value::<Value>()?.as_str().map(str::to_owned),
                "model" => message.model = map.next_value::<Value>()?.as_str().map(str::to_owned),
                "usage" => message.usage = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(message)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ModelMessage, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(ModelMessage::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<ModelMessage, E> {
        Ok(ModelMessage::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<ModelMessage, E> {
        Ok(ModelMessage::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<ModelMessage, E> {
        Ok(ModelMessage::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<ModelMessage, E> {
        Ok(ModelMessage::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<ModelMessage, E> {
        Ok(ModelMessage::default())
    }

    fn visit_unit<E>(self) -> Result<ModelMessage, E> {
        Ok(ModelMessage::default())
    }
}

/// The cost that results have told, and the tokens of the answers since.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct SpentLog {
    told_usd: f64,
    /// The latest answers, by their ids: an answer comes as a line for each of its parts, with its tokens on each.
    latest: Vec<(String, String, Tokens)>,
    /// The answers before.
    before: TokensByModel,
    /// The tokens of results that have not told their cost.
    untold: TokensByModel,
}

impl SpentLog {
    /// Takes in a line of an answer, of a subagent's too.
    pub(super) fn take_answer(&mut self, message: ModelMessage) {
        let (Some(id), Some(model)) = (message.id, message.model) else { return };
        let tokens = Tokens::from_json(&message.usage);
        if model == SYNTHETIC || tokens == Tokens::default() {
            return;
        }
        if let Some(known) = self.latest.iter_mut().find(|(known, ..)| *known == id) {
            known.2 = tokens;
            return;
        }
        if self.latest.len() >= MOST_MESSAGES {
            let (_, model, tokens) = self.latest.remove(0);
            add(&mut self.before, model, tokens);
        }
        self.latest.push((id, model, tokens));
    }

    /// Takes in a result: it tells the cost since the one before, or that of the session, or the tokens at least, or nothing.
    pub(super) fn take_result(
        &mut self,
        own_usd: Option<f64>,
        total_usd: Option<f64>,
        counted: &TokensByModel,
    ) {
        match (own_usd, total_usd) {
            (Some(cost), _) => self.told_usd = believed_usd(self.told_usd + cost),
            // That covers the results before as well.
            (None, Some(_)) => self.untold.clear(),
            // Of answers the output is counted when they begin: a result knows better.
            (None, None) => {
                let is_counted = counted.values().any(|tokens| *tokens != Tokens::default());
                let tokens = if is_counted { counted.clone() } else { self.of_answers() };
                tokens.into_iter().for_each(|(model, tokens)| add(&mut self.untold, model, tokens));
            }
        }
        self.latest.clear();
        self.before.clear();
    }

    /// The tokens of the answers since the last result.
    fn of_answers(&self) -> TokensByModel {
        let mut all = self.before.clone();
        self.latest.iter().for_each(|(_, model, tokens)| add(&mut all, model.clone(), *tokens));
        all
    }

    pub(super) fn spent(&self) -> Spent {
        let mut untold = self.untold.clone();
        self.of_answers().into_iter().for_each(|(model, tokens)| add(&mut untold, model, tokens));
        Spent { told_usd: self.told_usd, untold, session: None }
    }
}

/// Adds tokens to those of a model, or of one among the others where there are too many.
pub(super) fn add(all: &mut TokensByModel, model: String, tokens: Tokens) {
    let is_new = !all.contains_key(&model);
    let model = if is_new && all.len() >= MOST_MODELS { "others".to_owned() } else { model };
    *all.entry(model).or_default() += tokens;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(id: &str, model: &str, output: u64) -> ModelMessage {
        serde_json::from_value(json!({
            "id": id, "model": model, "content": [{"text": "x"}], "usage": {"input_tokens": 10, "output_tokens": output}
        }))
        .unwrap()
    }

    #[test]
    fn an_answer_of_several_lines_counts_once() {
        let mut log = SpentLog::default();
        for message in
            [answer("1", "m", 1), answer("2", "n", 5), answer("1", "m", 3), answer("3", SYNTHETIC, 9)]
        {
            log.take_answer(message);
        }
        let of = |model: &str| log.spent().untold.get(model).copied().unwrap_or_default();
        assert_eq!((of("m").input, of("m").output, of("n").output), (10, 3, 5));
        assert_eq!(log.spent().untold.len(), 2);
    }

    #[test]
    fn a_result_tells_the_cost_of_what_was_before() {
        let mut log = SpentLog::default();
        log.take_answer(answer("1", "m", 1));
        log.take_result(None, None, &TokensByModel::new());
        assert_eq!(log.spent().untold["m"].output, 1, "it tells nothing, and what the answers took stays");
        log.take_answer(answer("2", "m", 7));
        log.take_result(Some(0.5), None, &counted(3));
        assert_eq!((log.spent().told_usd, log.spent().untold["m"].output), (0.5, 1), "of what came since");
        log.take_result(None, Some(0.75), &counted(9));
        assert_eq!(log.spent().untold.len(), 0, "a total is that of all");
        log.take_answer(answer("3", "m", 7));
        log.take_result(Some(0.25), Some(1.0), &counted(7));
        assert_eq!(log.spent(), Spent { told_usd: 0.75, ..Spent::default() });
    }

    #[test]
    fn a_result_without_a_cost_counts_its_tokens_better_than_its_answers() {
        let mut log = SpentLog::default();
        log.take_answer(answer("1", "m", 1));
        log.take_result(None, None, &counted(90));
        log.take_answer(answer("2", "m", 5));
        assert_eq!(log.spent().untold["m"].output, 95);
    }

    fn counted(output: u64) -> TokensByModel {
        [("m".to_owned(), Tokens { output, ..Tokens::default() })].into()
    }

    #[test]
    fn no_flood_of_answers_is_held() {
        let mut log = SpentLog::default();
        for n in 0..1000 {
            log.take_answer(answer(&n.to_string(), &format!("m{n}"), 1));
        }
        assert!(log.latest.len() <= MOST_MESSAGES && log.before.len() <= MOST_MODELS + 1);
        assert_eq!(log.spent().untold.values().map(|tokens| tokens.output).sum::<u64>(), 1000);
    }

    #[test]
    fn what_is_no_message_is_none() {
        for odd in [
            json!("x"),
            json!(null),
            json!([[1], {"a": 2}]),
            json!(-1),
            json!(1.5),
            json!(true),
            json!({"id": 3}),
        ] {
            let message: ModelMessage = serde_json::from_value(odd).unwrap();
            assert!(message.id.is_none() && message.model.is_none());
        }
    }
}
