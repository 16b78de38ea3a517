import { addressOf, post } from '../post.ts';
import { isUrgent, type Service } from '../service.ts';

/** Its clients make a sound from 4 on, and insist from 8 on. */
const PRIORITIES = { urgent: 8, usual: 4 };

/** https://gotify.net/docs/pushmsg; the last part of the path is the token, which goes into a header and so into no log of a proxy. */
export const gotify: Service = {
  async send(news, target, signal) {
    const parts = target.path.reveal().split('/');
    const token = parts.pop() ?? '';
    const url = addressOf(target, [...parts, 'message'].join('/'));
    const { title, message } = news;
    const body = JSON.stringify({
      title,
      message: message || title,
      priority: isUrgent(news) ? PRIORITIES.urgent : PRIORITIES.usual,
    });
    await post(url, body, { 'content-type': 'application/json', 'x-gotify-key': token }, signal);
  },
};
