"""A Telegram bot that reads handwritten digits: chat, storage and the loop that learns."""
