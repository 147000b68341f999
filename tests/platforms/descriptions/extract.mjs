// Writes discord.json and telegram.json: what the platforms' published descriptions say of the calls that the stand-in
// answers. `node extract.mjs PACKAGES FOLDER`; PACKAGES is the folder whose node_modules has the packages.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, folder] = process.argv.slice(2);
const require = createRequire(join(packages, "package.json"));
const ts = require("typescript");
const load = (path) => import(pathToFileURL(join(packages, "node_modules", path)).href);

const readPackage = (name) => JSON.parse(readFileSync(join(packages, "node_modules", name, "package.json"), "utf8"));
const version = (name) => readPackage(name).version;

const parse = (path) => {
  const text = readFileSync(join(packages, "node_modules", path), "utf8");
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
};

/** Writes one call and one definition a line, so that a difference can be read. */
const write = (name, { source, calls, $defs }) => {
  const lines = (members) =>
    Object.entries(members).map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(",\n");
  const text = `{\n  "source": ${JSON.stringify(source)},\n  "calls": {\n${lines(calls)}\n  },\n  "$defs": {\n${lines($defs)}\n  }\n}\n`;
  writeFileSync(join(folder, name), text);
};

// Telegram: interfaces with a comment in front of each member that says its type as the Bot API's page does.

const TELEGRAM_METHODS = [
  "answerCallbackQuery", "deleteMessage", "deleteMyCommands", "deleteWebhook", "editMessageReplyMarkup", "editMessageText",
  "getChat", "getMe", "getMyCommands", "getUpdates", "getWebhookInfo", "sendChatAction", "sendMessage", "sendMessageDraft",
  "setMessageReaction", "setMyCommands", "setWebhook",
];

class Telegram {
  constructor() {
    this.$defs = {};
    this.declarations = new Map();
    parse("telegram-bot-api-types/index.d.ts").forEachChild((node) => {
      if (node.name) this.declarations.set(node.name.text, node);
    });
  }

  comment(member) {
    return ts.getJSDocCommentsAndTags(member).map((comment) => ts.getTextOfJSDocComment(comment.comment) ?? "").join(" ");
  }

  /** What only the comment says: whole numbers, and lengths in the units that the Bot API counts in. */
  limits(schema, comment) {
    const [type] = comment.split("|");
    if (/Integer/.test(type)) this.wholeNumbers(schema);
    const length = comment.match(/\b(\d+)-(\d+) (characters|bytes)/);
    if (length && schema.type === "string") {
      const unit = length[3] === "bytes" ? "x-bytes" : "x-utf16";
      schema[unit] = [Number(length[1]), Number(length[2])];
    }
    const range = comment.match(/Values between (\d+)-(\d+) are accepted/);
    if (range) Object.assign(schema, { minimum: Number(range[1]), maximum: Number(range[2]) });
    return schema;
  }

  wholeNumbers(schema) {
    if (schema.type === "number") schema.type = "integer";
    schema.anyOf?.forEach((one) => this.wholeNumbers(one));
    if (schema.items) this.wholeNumbers(schema.items);
  }

  interface(node) {
    const schema = { type: "object", properties: {}, required: [], additionalProperties: false };
    for (const member of node.members) {
      const name = member.name.text;
      schema.properties[name] = this.limits(this.type(member.type), this.comment(member));
      if (!member.questionToken) schema.required.push(name);
    }
    if (schema.required.length === 0) delete schema.required;
    return schema;
  }

  reference(name) {
    if (!(name in this.$defs)) {
      const node = this.declarations.get(name);
      this.$defs[name] = {};
      this.$defs[name] = ts.isInterfaceDeclaration(node) ? this.interface(node) : this.type(node.type);
    }
    return { $ref: `#/$defs/${name}` };
  }

  type(node) {
    switch (node.kind) {
      case ts.SyntaxKind.StringKeyword: return { type: "string" };
      case ts.SyntaxKind.NumberKeyword: return { type: "number" };
      case ts.SyntaxKind.BooleanKeyword: return { type: "boolean" };
      case ts.SyntaxKind.UnionType: return this.union(node.types.map((one) => this.type(one)));
      case ts.SyntaxKind.LiteralType: return { const: JSON.parse(node.getText().replaceAll("'", '"')) };
      case ts.SyntaxKind.ParenthesizedType: return this.type(node.type);
      case ts.SyntaxKind.ArrayType: return { type: "array", items: this.type(node.elementType) };
      case ts.SyntaxKind.TypeReference: return this.named(node);
      default: throw new Error(`no schema for ${node.getText()}`);
    }
  }

  named(node) {
    const name = node.typeName.getText();
    if (name === "Array") return { type: "array", items: this.type(node.typeArguments[0]) };
    // A file cannot be sent in JSON; nothing here sends one.
    if (name === "InputFile" || name === "Blob") return { type: "object" };
    return this.reference(name);
  }

  union(members) {
    if (members.every((member) => "const" in member)) return { enum: members.map((member) => member.const) };
    return { anyOf: members };
  }

  calls() {
    const none = { type: "object", additionalProperties: false };
    return Object.fromEntries(TELEGRAM_METHODS.map((method) => {
      const params = this.declarations.get(`${method[0].toUpperCase()}${method.slice(1)}Params`);
      return [method, { body: params ? this.interface(params) : none }];
    }));
  }
}

// Discord: bodies from the Zod schemas, queries from the TypeScript paths; both made from Discord's OpenAPI document.

const DISCORD_CALLS = {
  "GET /users/@me": null,
  "GET /oauth2/applications/@me": null,
  "GET /applications/@me": null,
  "GET /gateway": null,
  "GET /gateway/bot": null,
  "GET /guilds/{guild_id}": null,
  "GET /channels/{channel_id}": null,
  "GET /channels/{channel_id}/messages": null,
  "POST /channels/{channel_id}/messages": ["MessageCreateRequestSchema"],
  "GET /channels/{channel_id}/messages/{message_id}": null,
  "PATCH /channels/{channel_id}/messages/{message_id}": ["MessageEditRequestPartialSchema"],
  "DELETE /channels/{channel_id}/messages/{message_id}": null,
  "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": null,
  "POST /channels/{channel_id}/messages/{message_id}/threads": ["CreateTextThreadWithMessageRequestSchema"],
  "POST /channels/{channel_id}/typing": null,
  "POST /users/@me/channels": ["CreatePrivateChannelRequestSchema"],
  "POST /interactions/{interaction_id}/{interaction_token}/callback": [
    "ApplicationCommandAutocompleteCallbackRequestSchema", "CreateMessageInteractionCallbackRequestSchema",
    "ModalInteractionCallbackRequestSchema", "PongInteractionCallbackRequestSchema",
    "UpdateMessageInteractionCallbackRequestSchema",
  ],
  "POST /webhooks/{webhook_id}/{webhook_token}": ["IncomingWebhookRequestPartialSchema"],
  "GET /webhooks/{webhook_id}/{webhook_token}/messages/@original": null,
  "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original": ["IncomingWebhookUpdateRequestPartialSchema"],
  "DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original": null,
  "GET /applications/{application_id}/commands": null,
  "POST /applications/{application_id}/commands": ["ApplicationCommandCreateRequestSchema"],
  "PUT /applications/{application_id}/commands": ["[]", "ApplicationCommandUpdateRequestSchema"],
  "GET /applications/{application_id}/guilds/{guild_id}/commands": null,
  "POST /applications/{application_id}/guilds/{guild_id}/commands": ["ApplicationCommandCreateRequestSchema"],
  "PUT /applications/{application_id}/guilds/{guild_id}/commands": ["[]", "ApplicationCommandUpdateRequestSchema"],
};

/** The types of the query's members, as texts in TypeScript: { path: { method: { name: text } } }. */
const queries = () => {
  const paths = {};
  const member = (node, name) => node?.members?.find((one) => one.name?.text === name);
  parse("discord-api-spec/build/discord-api-spec.ts").forEachChild((node) => {
    if (node.name?.text !== "Paths") return;
    for (const path of (node.members ?? node.type.members)) {
      for (const method of path.type.members) {
        const query = member(member(method.type, "parameters")?.type, "query")?.type;
        const names = (query?.members ?? []).map((one) => [one.name.text, { type: one.type.getText(), optional: !!one.questionToken }]);
        (paths[path.name.text] ??= {})[method.name.text.toUpperCase()] = Object.fromEntries(names);
      }
    }
  });
  return paths;
};

const SNOWFLAKE = { type: "string", pattern: "^(0|[1-9][0-9]*)$" };
const querySchema = (type) =>
  ({ SnowflakeType: SNOWFLAKE, number: { type: "string", pattern: "^[0-9]+$" }, boolean: { enum: ["true", "false", "1", "0"] } })[type] ?? { type: "string" };

const queryOf = (members) => ({
  type: "object",
  properties: Object.fromEntries(Object.entries(members).map(([name, { type }]) => [name, querySchema(type)])),
  required: Object.keys(members).filter((name) => !members[name].optional),
  additionalProperties: false,
});

/** What the validator does not read, and what the types of other languages have no use for. */
const lean = (value) => {
  if (Array.isArray(value)) return value.map(lean);
  if (value === null || typeof value !== "object") return value;
  const { format, $schema, propertyNames, ...rest } = value;
  if (format === "date-time") delete rest.pattern;
  return Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, lean(one)]));
};

const discord = async () => {
  const z = await load("zod/index.js");
  const schemas = await load("discord-api-spec/build/discord-api-spec.zod.js");
  const bodies = {};
  for (const [call, names] of Object.entries(DISCORD_CALLS)) {
    if (!names) continue;
    const list = names[0] === "[]";
    const found = names.filter((name) => name !== "[]").map((name) => {
      if (!schemas[name]) throw new Error(`discord-api-spec has no ${name}`);
      return schemas[name];
    });
    const one = found.length === 1 ? found[0] : z.union(found);
    bodies[call] = list ? z.array(one) : one;
  }
  const { properties, $defs } = lean(z.toJSONSchema(z.object(bodies), { reused: "ref", io: "output", unrepresentable: "any" }));
  const known = queries();
  const calls = Object.fromEntries(Object.keys(DISCORD_CALLS).map((call) => {
    const [method, path] = call.split(" ");
    if (!known[path]?.[method]) throw new Error(`Discord's document has no ${call}`);
    return [call, { query: queryOf(known[path][method]), ...(properties[call] ? { body: properties[call] } : {}) }];
  }));
  return { calls, $defs };
};

const telegram = new Telegram();
const telegramCalls = telegram.calls();
write("telegram.json", {
  source: `telegram-bot-api-types ${version("telegram-bot-api-types")} (npm, MIT), made from https://core.telegram.org/bots/api`,
  calls: telegramCalls,
  $defs: telegram.$defs,
});
write("discord.json", {
  source: `discord-api-spec ${version("discord-api-spec")} (npm, MIT), made from Discord's OpenAPI document (discord/discord-api-spec)`,
  ...(await discord()),
});
