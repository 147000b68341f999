//! Results that a model can read: what is too long is left out, said so, and said how to get.

use serde_json::{Map, Value, json};

/// The longest result, in bytes of JSON: some 10,000 tokens, beyond which `claude` warns of it.
pub(crate) const LONGEST: usize = 32 * 1024;

/// The member that holds a result that is a list: a tool's result is an object.
pub(crate) const ITEMS: &str = "items";

/// The member that says what was left out.
pub(crate) const LEFT_OUT: &str = "leftOut";

/// The ways in which a result is shortened: the first by which it fits.
const ATTEMPTS: [Attempt; 6] = [
    Attempt { text: usize::MAX, halves: false },
    Attempt { text: 8192, halves: false },
    Attempt { text: 2048, halves: false },
    Attempt { text: 2048, halves: true },
    Attempt { text: 512, halves: true },
    Attempt { text: 128, halves: true },
];

/// A way in which a result is shortened.
struct Attempt {
    /// To how many bytes texts are cut.
    text: usize,
    /// True if the second half of lists and maps is left out, again and again.
    halves: bool,
}

/// A place of a result, and what was left out there.
type LeftOut = (String, String);

/// Maximum number of members of an object that is taken for one with a fixed set of them: more are a map's, of which some can be left out.
const MOST_MEMBERS: usize = 64;

/// Maximum number of lines that say what was left out.
const MOST_LINES: usize = 12;

/// A result as an object.
pub(crate) fn as_object(result: Value) -> Value {
    if result.is_object() { result } else { json!({ ITEMS: result }) }
}

/// The result of a method, as long as it may be at the most.
///
/// # Errors
/// It cannot be shortened as far as that: how long it is, in bytes.
pub(crate) fn bounded(method: &str, result: Value) -> Result<Value, usize> {
    let mut result = as_object(result);
    let before = length(&result);
    if before <= LONGEST {
        return Ok(result);
    }
    let mut left_out = Vec::new();
    match method {
        "task.output" => left_out.extend(cut_output(&mut result)),
        "daemon.logs" => left_out.extend(keep_last(&mut result, "lines")),
        "chat.history" => left_out.extend(keep_last(&mut result, ITEMS)),
        _ => {}
    }
    let Some((shorter, cut)) = ATTEMPTS.iter().find_map(|attempt| attempt.on(&result)) else {
        return Err(before);
    };
    left_out.extend(cut);
    result = shorter;
    let lines = said(method, left_out);
    if let Some(members) = result.as_object_mut().filter(|_| !lines.is_empty()) {
        members.insert(LEFT_OUT.to_owned(), json!(lines));
    }
    Ok(result)
}

/// How many bytes it has as JSON.
pub(crate) fn length(value: &Value) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(_) => 5,
        Value::Number(number) => number.to_string().len(),
        // Nearly: what is escaped has some more.
        Value::String(text) => {
            text.len() + text.bytes().filter(|byte| matches!(byte, 0..=31 | b'"' | b'\\')).count() + 2
        }
        Value::Array(list) => list.iter().map(|entry| length(entry) + 1).sum::<usize>() + 2,
        Value::Object(members) => {
            members.iter().map(|(name, value)| name.len() + length(value) + 4).sum::<usize>() + 2
        }
    }
}

/// The lines that say what was left out, and how to get it.
fn said(method: &str, places: Vec<LeftOut>) -> Vec<String> {
    let more = places.len().saturating_sub(MOST_LINES);
    let mut lines: Vec<String> =
        places.into_iter().take(MOST_LINES).map(|(place, what)| format!("{place}: {what}")).collect();
    if more > 0 {
        lines.push(format!("and at {more} more places"));
    }
    if !lines.is_empty() {
        lines.push(how(method).to_owned());
    }
    lines
}

/// How to get what was left out of a method's result.
fn how(method: &str) -> &'static str {
    match method {
        "task.output" => "go on from `nextOffset`",
        "task.list" => {
            "ask with a smaller `limit`, and go on with the last id here as `cursor`; task_output gives the output of one, and `aiwg task get ID --json` prints all of it"
        }
        "event.list" => {
            "go on with the `seq` of the last one here as `since`, and a smaller `limit`; `aiwg event list --json` prints the whole of each"
        }
        "task.get" | "task.wait" => {
            "task_output gives the output from any byte on; `aiwg task get ID --json` prints everything"
        }
        "daemon.logs" => "ask with fewer `lines`",
        "chat.history" | "approval.list" => "ask with a smaller `limit`",
        _ => "the command aiwg prints everything, with --json",
    }
}

/// Cuts the end of an output off, so that the next call goes on there.
fn cut_output(result: &mut Value) -> Option<LeftOut> {
    let number = |name| result.get(name).and_then(Value::as_u64);
    let (offset, next) = (number("offset")?, number("nextOffset")?);
    let data = result.get("data")?.as_str()?;
    let bytes = usize::try_from(next.saturating_sub(offset)).ok()?;
    // Half of the length, whatever has to be escaped.
    let most = LONGEST / 2;
    let (kept, kept_bytes) = if bytes == data.len() {
        let end = data.floor_char_boundary(most);
        (data.get(..end)?, end)
    } else if data.is_ascii() && data.len().is_multiple_of(4) && data.len() / 4 * 3 >= bytes && bytes > 0 {
        let end = most / 4 * 4;
        (data.get(..end)?, end / 4 * 3)
    } else {
        return None;
    };
    let (kept, left) = (kept.to_owned(), bytes - kept_bytes);
    let members = result.as_object_mut()?;
    members.insert("data".to_owned(), kept.into());
    members.insert("nextOffset".to_owned(), (offset + u64::try_from(kept_bytes).ok()?).into());
    members.insert("ended".to_owned(), false.into());
    Some(("data".to_owned(), format!("{left} more bytes")))
}

/// Leaves the first entries of a list out, of which the last ones are the news.
fn keep_last(result: &mut Value, name: &str) -> Option<LeftOut> {
    let list = result.get_mut(name)?.as_array_mut()?;
    let before = list.len();
    let mut room = LONGEST / 2;
    let fits = |entry: &&Value| {
        let length = length(entry) + 1;
        let has_room = length <= room;
        room = room.saturating_sub(length);
        has_room
    };
    let kept = list.iter().rev().take_while(fits).count().max(1).min(before);
    list.drain(..before - kept);
    (kept < before).then(|| (name.to_owned(), format!("the first {} of {before}", before - kept)))
}

/// Cuts the middle out of each text that is longer than this.
fn cut_texts(value: &mut Value, most: usize, place: &str, left_out: &mut Vec<LeftOut>) {
    match value {
        Value::String(text) if text.len() > most => {
            let head = text.floor_char_boundary(most / 2);
            let tail = text.ceil_char_boundary(text.len() - most / 2);
            let (head, tail) = (text.get(..head).unwrap_or_default(), text.get(tail..).unwrap_or_default());
            let left = text.len() - head.len() - tail.len();
            left_out.push((place.to_owned(), format!("{left} bytes in the middle")));
            *text = format!("{head}\u{2026}{tail}");
        }
        Value::Array(list) => {
            for (number, entry) in list.iter_mut().enumerate() {
                cut_texts(entry, most, &format!("{place}[{number}]"), left_out);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                cut_texts(member, most, &within(place, name), left_out);
            }
        }
        _ => {}
    }
}

fn within(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

impl Attempt {
    /// The result in this form, and what it lacks; none if it is still too long.
    fn on(&self, result: &Value) -> Option<(Value, Vec<LeftOut>)> {
        let mut shape = result.clone();
        cut_texts(&mut shape, self.text, "", &mut Vec::new());
        let mut halved: Vec<(Vec<Step>, usize)> = Vec::new();
        while length(&shape) > LONGEST {
            let (path, kept) = halve_longest(&mut shape).filter(|_| self.halves)?;
            // A list that was halved twice: the last word counts.
            halved.retain(|(other, _)| *other != path);
            halved.push((path, kept));
        }
        // The texts that are left are cut only now, since what is said of others would be of no use.
        let (mut shorter, mut left_out) = (result.clone(), Vec::new());
        for (path, kept) in halved {
            keep_first(at(&mut shorter, &path)?, kept);
            left_out.push((shown(&path), format!("all after the first {kept}")));
        }
        cut_texts(&mut shorter, self.text, "", &mut left_out);
        Some((shorter, left_out))
    }
}

/// Leaves out half of the longest list, or map, that has more than one entry: where it is, and how many are kept. None if there is none.
fn halve_longest(result: &mut Value) -> Option<(Vec<Step>, usize)> {
    let mut longest = None;
    find_longest(result, &mut Vec::new(), &mut longest);
    let (_, path) = longest?;
    let longest = at(result, &path)?;
    let kept = match longest {
        Value::Array(list) => list.len() / 2,
        Value::Object(members) => members.len() / 2,
        _ => return None,
    };
    keep_first(longest, kept);
    Some((path, kept))
}

fn keep_first(value: &mut Value, kept: usize) {
    match value {
        Value::Array(list) => list.truncate(kept),
        Value::Object(members) => {
            *members = std::mem::take(members).into_iter().take(kept).collect::<Map<_, _>>()
        }
        _ => {}
    }
}

fn at<'a>(mut value: &'a mut Value, path: &[Step]) -> Option<&'a mut Value> {
    for step in path {
        value = match (value, step) {
            (Value::Array(list), Step::Entry(number)) => list.get_mut(*number)?,
            (Value::Object(members), Step::Member(name)) => members.get_mut(name)?,
            _ => return None,
        };
    }
    Some(value)
}

fn shown(path: &[Step]) -> String {
    path.iter().fold(String::new(), |place, step| match step {
        Step::Entry(number) => format!("{place}[{number}]"),
        Step::Member(name) => within(&place, name),
    })
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Entry(usize),
    Member(String),
}

/// The longest list or map within a value that can be shortened, with its length.
fn find_longest(value: &Value, path: &mut Vec<Step>, longest: &mut Option<(usize, Vec<Step>)>) {
    let mut take = |value: &Value, path: &[Step]| {
        let length = length(value);
        if longest.as_ref().is_none_or(|(most, _)| *most < length) {
            *longest = Some((length, path.to_vec()));
        }
    };
    match value {
        Value::Array(list) => {
            if list.len() > 1 {
                // What is in it is shorter.
                return take(value, path);
            }
            for (number, entry) in list.iter().enumerate() {
                path.push(Step::Entry(number));
                find_longest(entry, path, longest);
                path.pop();
            }
        }
        Value::Object(members) => {
            if members.len() > MOST_MEMBERS {
                return take(value, path);
            }
            for (name, member) in members {
                path.push(Step::Member(name.clone()));
                find_longest(member, path, longest);
                path.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(result: &Value) -> Vec<&str> {
        result[LEFT_OUT].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
    }

    #[test]
    fn what_is_short_stays_as_it_is() {
        let task = json!({ "id": "task-0001", "output": "x".repeat(LONGEST - 100) });
        assert_eq!(bounded("task.get", task.clone()), Ok(task));
        assert_eq!(bounded("task.list", json!([])), Ok(json!({ "items": [] })));
    }

    #[test]
    fn long_texts_lose_their_middle_and_that_is_said() {
        let result =
            bounded("task.get", json!({ "id": "task-0001", "output": "ä".repeat(40_000), "prompt": "p" }))
                .unwrap();
        assert!(length(&result) <= LONGEST + 1000);
        assert!(result["output"].as_str().unwrap().contains('…') && result["prompt"] == "p");
        assert_eq!(lines(&result)[0], format!("output: {} bytes in the middle", 80_000 - 8192));
        assert!(lines(&result)[1].starts_with("task_output gives"));
    }

    #[test]
    fn an_output_goes_on_where_it_was_cut() {
        let all: String = (0..20_000).map(|number| format!("{number}ß\n")).collect();
        let (mut read, mut offset) = (String::new(), 0);
        while offset < all.len() {
            let answer = json!({ "data": &all[offset..], "offset": offset, "nextOffset": all.len(), "attempt": 1, "ended": true });
            let result = bounded("task.output", answer).unwrap();
            read.push_str(result["data"].as_str().unwrap());
            offset = usize::try_from(result["nextOffset"].as_u64().unwrap()).unwrap();
            assert_eq!(result["ended"], offset == all.len());
        }
        assert_eq!(read, all);
    }

    #[test]
    fn bytes_in_base64_go_on_where_they_were_cut() {
        let answer = json!({ "data": "AAAA".repeat(20_000), "offset": 7, "nextOffset": 7 + 60_000, "attempt": 1, "ended": true });
        let result = bounded("task.output", answer).unwrap();
        let data = result["data"].as_str().unwrap();
        assert_eq!(result["nextOffset"], 7 + data.len() / 4 * 3);
        assert!(data.len().is_multiple_of(4) && result["ended"] == false);
    }

    #[test]
    fn of_long_lists_the_beginning_is_kept_and_of_logs_the_end() {
        let event = |seq: u32| json!({ "seq": seq, "topic": "a:b", "payload": { "text": "x".repeat(200) } });
        let result = bounded("event.list", (0..1000).map(event).collect()).unwrap();
        let items = result[ITEMS].as_array().unwrap();
        assert!(items.len() > 20 && items[0]["seq"] == 0 && length(&result) <= LONGEST + 1000);
        assert!(lines(&result)[0].starts_with("items: all after the first "), "{:?}", lines(&result));
        let logs =
            json!({ "lines": (0..10_000).map(|n| format!("line {n}")).collect::<Vec<_>>(), "cursor": "c" });
        let result = bounded("daemon.logs", logs).unwrap();
        assert_eq!(result["lines"].as_array().unwrap().last().unwrap(), "line 9999");
        assert_eq!(result["cursor"], "c");
    }

    #[test]
    fn maps_of_any_size_are_cut_and_a_value_that_cannot_be_is_an_error() {
        let map: Map<String, Value> =
            (0..50_000).map(|number| (format!("n{number}"), number.into())).collect();
        let result = bounded("event.list", json!([{ "seq": 1, "payload": map }])).unwrap();
        assert!(length(&result) <= LONGEST + 1000);
        assert!(lines(&result)[0].starts_with("items[0].payload: all after the first "));
        let mut deep = json!({ "n": 1 });
        for _ in 0..13 {
            deep = json!({ "a": deep, "b": deep.clone() });
        }
        assert!(bounded("event.list", json!([{ "seq": 1, "payload": deep }])).is_err());
    }
}
