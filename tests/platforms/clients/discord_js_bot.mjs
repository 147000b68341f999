// A bot on discord.js, as its users write one: it answers messages, commands and buttons.
import { require } from "./packages.mjs";

const { ActionRowBuilder, ButtonBuilder, ButtonStyle, Client, Events, GatewayIntentBits } = require("discord.js");

const { Guilds, GuildMessages, DirectMessages } = GatewayIntentBits;
const bot = new Client({
  intents: [Guilds, GuildMessages, DirectMessages],
  rest: { api: process.env.AIWG_DISCORD_API_URL.replace(/\/v10$/, "") },
});

bot.once(Events.ClientReady, async () => {
  await bot.application.commands.set([{ name: "status", description: "The state of things" }]);
});

bot.on(Events.MessageCreate, async (message) => {
  if (message.author.bot || !message.mentions.has(bot.user)) return;
  await message.channel.sendTyping();
  const button = new ButtonBuilder().setCustomId("approve").setLabel("Approve").setStyle(ButtonStyle.Success);
  await message.reply({
    content: message.content.replace(/^<@\d+> /, "").replace("ping", "pong"),
    components: [new ActionRowBuilder().addComponents(button)],
    allowedMentions: { parse: [] },
    nonce: `reply-${message.id}`.slice(0, 25),
    enforceNonce: true,
  });
});

bot.on(Events.InteractionCreate, async (interaction) => {
  if (interaction.isButton()) {
    await interaction.update({ content: `approved by ${interaction.user.id}`, components: [] });
  } else {
    await interaction.deferReply();
    await interaction.editReply("status: well");
  }
});

await bot.login(process.env.AIWG_DISCORD_TOKEN);
