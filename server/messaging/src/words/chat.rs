//! Commands of a shell, as people write them in a chat.

use crate::Platform;

/// The commands of a shell that there are in chats, too, with the verb there.
const SAME: [(&str, &str); 9] = [
    ("task get", "task"),
    ("task list", "tasks"),
    ("task retry", "retry"),
    ("task cancel", "cancel"),
    ("approval approve", "approve"),
    ("approval reject", "reject"),
    ("approval answer", "answer"),
    ("daemon status", "status"),
    ("chat new", "new"),
];

/// The same text with the commands of a shell in it, between backticks, as people write them on a platform. Those that chats do not have stay.
pub fn in_chat(text: &str, platform: Platform) -> String {
    let said = |(n, part): (usize, &str)| match n % 2 {
        1 => of_shell(part, platform).unwrap_or_else(|| part.to_owned()),
        _ => part.to_owned(),
    };
    text.split('`').enumerate().map(said).collect::<Vec<_>>().join("`")
}

fn of_shell(command: &str, platform: Platform) -> Option<String> {
    let command = command.strip_prefix("aiwg ")?;
    let (rest, verb) = SAME.iter().find_map(|(shell, verb)| Some((command.strip_prefix(shell)?, verb)))?;
    // Options are for the shell alone.
    let is_same = rest.is_empty() || (rest.starts_with(' ') && !rest.contains(" -"));
    is_same.then(|| platform.command(&format!("{verb}{rest}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_chat() {
        let said = |text: &str| in_chat(text, Platform::Telegram);
        assert_eq!(said("over; `aiwg task get task-0001` tells how"), "over; `/task task-0001` tells how");
        assert_eq!(
            in_chat("answer it with `aiwg approval answer 1 TEXT`", Platform::Slack),
            "answer it with `/aiwg answer 1 TEXT`"
        );
        for same in [
            "`aiwg task list --rule x`",
            "`aiwg task getting`",
            "`aiwg account resume`",
            "aiwg task get 1",
            "",
            "a ` b",
        ] {
            assert_eq!(said(same), same);
        }
    }
}
