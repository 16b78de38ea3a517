import { addressOf, post } from '../post.ts';
import type { Service } from '../service.ts';

/** https://core.telegram.org/bots/api#sendmessage; the path is the bot's token and one chat or more. */
export const telegram: Service = {
  async send({ title, message }, target, signal) {
    const [token = '', ...chats] = target.path.reveal().split('/').filter((part) => part !== '');
    for (const chat of chats) {
      // A name of a channel is written with an "@", a chat is a number, that of a group a negative one.
      const chatId = /^-?\d+$/.test(chat) || chat.startsWith('@') ? chat : `@${chat}`;
      const body = JSON.stringify({ chat_id: chatId, text: `${title}\n${message}`.trim() });
      await post(addressOf(target, `bot${token}/sendMessage`), body, { 'content-type': 'application/json' }, signal);
    }
  },
};
