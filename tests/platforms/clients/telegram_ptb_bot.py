"""A bot on python-telegram-bot, as its users write one: it answers messages, commands and buttons."""

import os

from telegram import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, Update
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Approve", callback_data="approve")]])


async def on_start(application: Application) -> None:
    await application.bot.set_my_commands([BotCommand("status", "The state of things")])


async def answer_message(update: Update, _) -> None:
    message = update.effective_message
    await message.chat.send_action("typing", message_thread_id=message.message_thread_id)
    text = message.text.replace("ping", "pong")
    bold = MessageEntity(MessageEntity.BOLD, offset=0, length=4)
    await message.reply_text(text, entities=[bold], reply_markup=KEYBOARD, do_quote=True)


async def answer_command(update: Update, _) -> None:
    await update.effective_message.reply_text("status: well", do_quote=False)


async def answer_button(update: Update, _) -> None:
    await update.callback_query.answer("noted")
    await update.callback_query.edit_message_text(f"approved by {update.effective_user.id}")


builder = Application.builder().token(os.environ["AIWG_TELEGRAM_TOKEN"])
bot = builder.base_url(os.environ["AIWG_TELEGRAM_API_URL"] + "/bot").post_init(on_start).build()
bot.add_handler(CommandHandler("status", answer_command))
bot.add_handler(MessageHandler(filters.TEXT, answer_message))
bot.add_handler(CallbackQueryHandler(answer_button))
bot.run_polling(allowed_updates=["message", "callback_query"])
