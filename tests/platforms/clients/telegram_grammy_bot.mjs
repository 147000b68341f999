// A bot on grammY, as its users write one: it answers messages, commands and buttons.
import { require } from "./packages.mjs";

const { Bot, InlineKeyboard } = require("grammy");

const bot = new Bot(process.env.AIWG_TELEGRAM_TOKEN, { client: { apiRoot: process.env.AIWG_TELEGRAM_API_URL } });

bot.command("status", (context) => context.reply("status: well"));

bot.on("message:text", async (context) => {
  await context.replyWithChatAction("typing");
  await context.reply(context.message.text.replace("ping", "pong"), {
    entities: [{ type: "bold", offset: 0, length: 4 }],
    reply_parameters: { message_id: context.message.message_id },
    reply_markup: new InlineKeyboard().text("Approve", "approve"),
  });
});

bot.on("callback_query:data", async (context) => {
  await context.answerCallbackQuery("noted");
  await context.editMessageText(`approved by ${context.from.id}`);
});

await bot.api.setMyCommands([{ command: "status", description: "The state of things" }]);
await bot.start({ allowed_updates: ["message", "callback_query"] });
