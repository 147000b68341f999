//! A message that tries out whether messages arrive.

use std::time::{SystemTime, UNIX_EPOCH};

use aiwg_messaging::{Platform, part::Part, text::Styled};
use aiwg_platforms::{Outbound, SendFailure, Trouble};
use aiwg_protocol::types::{MessagingTrial, PlatformState};

use super::{Messaging, line::Line};
use crate::context::Context;

impl Messaging {
    /// Sends a message on a platform, or on all that have a token, and says what is missing where that fails.
    pub(crate) async fn try_out(&self, platform: Option<Platform>, context: &Context) -> Vec<MessagingTrial> {
        let is_meant = |one: Platform| platform.is_none_or(|platform| platform == one);
        let unusable = self.unusable.iter().filter(|(platform, _)| is_meant(*platform));
        let mut trials: Vec<MessagingTrial> = unusable
            .map(|(platform, why)| MessagingTrial {
                platform: platform.name().to_owned(),
                ok: false,
                message: why.clone(),
            })
            .collect();
        for line in self.lines.iter().filter(|line| is_meant(line.platform())) {
            let done = self.try_line(line, context).await;
            trials.push(MessagingTrial {
                platform: line.platform().name().to_owned(),
                ok: done.is_ok(),
                message: done.unwrap_or_else(|why| why),
            });
        }
        trials
    }

    async fn try_line(&self, line: &Line, context: &Context) -> Result<String, String> {
        let account = line.client.account().await.map_err(|trouble| match trouble {
            Trouble::Later { why, .. } | Trouble::Taken(why) | Trouble::Stop(why) => why,
        })?;
        // What was missing at the start may be there now.
        line.renew_account(account.clone());
        self.report(line, context);
        if let Some(lacks) = &account.lacks {
            return Err(lacks.clone());
        }
        let standing = line.standing();
        // Nobody can be told the id of a chat by a bot that hears nothing.
        let deaf = standing.trouble.filter(|_| standing.state != PlatformState::Connected);
        let home = self.setup().and_then(|setup| setup.home_on(line.platform()).cloned()).ok_or_else(|| {
            deaf.unwrap_or_else(|| format!(
                "it is known to {} as {}, but no chat is set: write {} to it where notices should appear, and set what it answers in the \
                 section messaging",
                line.platform().title(),
                account.name,
                line.platform().command("whoami"),
            ))
        })?;
        let project = context.project.root().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = Styled::plain(&format!("A test by aiwg, of the project {project}."));
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Above all numbers of messages of the outbox.
        let no = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        let created_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let message = Outbound {
            no,
            place: home.clone(),
            part: Part::of(text),
            created_ms,
            is_repeat: false,
            asking: Vec::new(),
        };
        match line.client.send(&message).await {
            Ok(_) => {
                let sent = format!("{} has sent a message to the chat {}", account.name, home.chat);
                match line.standing().trouble.or_else(|| line.client.warning()) {
                    Some(why) => Err(format!("{sent}, but does not hear all: {why}")),
                    None => Ok(sent),
                }
            }
            Err(SendFailure::RetryAfter(pause)) => {
                Err(format!("the platform takes no more messages for {} seconds", pause.as_secs()))
            }
            Err(SendFailure::Moved(to)) => Err(format!(
                "the chat {} has the id {to} from now on: set that in the section messaging",
                home.chat
            )),
            Err(
                SendFailure::NotSent(why)
                | SendFailure::Unknown(why)
                | SendFailure::Refused(why)
                | SendFailure::Closed(why)
                | SendFailure::Stop(why),
            ) => Err(why),
        }
    }
}
