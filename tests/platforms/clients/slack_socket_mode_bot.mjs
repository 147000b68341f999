// A bot on @slack/socket-mode and @slack/web-api, as their users write one: it answers messages, commands and buttons.
import { require } from "./packages.mjs";

const { SocketModeClient } = require("@slack/socket-mode");
const { WebClient } = require("@slack/web-api");

const { AIWG_SLACK_API_URL: slackApiUrl, AIWG_SLACK_TOKEN, AIWG_SLACK_APP_TOKEN: appToken } = process.env;
const web = new WebClient(AIWG_SLACK_TOKEN, { slackApiUrl });
const bot = new SocketModeClient({ appToken, clientOptions: { slackApiUrl } });

bot.on("app_mention", async ({ event, ack }) => {
  await ack();
  const text = event.text.replace("ping", "pong").split("> ").at(-1);
  await web.chat.postMessage({
    channel: event.channel,
    thread_ts: event.ts,
    text,
    blocks: [
      { type: "section", text: { type: "mrkdwn", text } },
      {
        type: "actions",
        elements: [{ type: "button", action_id: "approve", text: { type: "plain_text", text: "Approve" }, value: "1" }],
      },
    ],
    metadata: { event_type: "pong", event_payload: { text } },
  });
});

// Each event is acknowledged by its own listener; the mention comes as a message, too.
// A socket may be cut before that is out: then it is said again.
bot.on("message", ({ ack }) => ack().catch(() => {}));

bot.on("slash_commands", async ({ body, ack }) => {
  await ack({ text: "at once" });
  const answer = { text: `you said ${body.text}`, response_type: "in_channel" };
  const headers = { "content-type": "application/json" };
  await fetch(body.response_url, { method: "POST", headers, body: JSON.stringify(answer) });
});

bot.on("interactive", async ({ body, ack }) => {
  await ack();
  await web.chat.update({
    channel: body.channel.id, ts: body.message.ts, text: `approved by ${body.user.id}`, blocks: [],
  });
});

await web.auth.test();
await bot.start();
