import { addressOf, authorizationOf, post, withQuery } from '../post.ts';
import { isUrgent, type Service } from '../service.ts';

/** ntfy.sh, or one's own: https://docs.ntfy.sh/publish/ */
export const ntfy: Service = {
  async send(news, target, signal) {
    const headers = {
      'Title': inAscii(news.title),
      'Priority': isUrgent(news) ? 'high' : 'default',
      'Tags': news.event,
      ...authorizationOf(target),
    };
    const url = withQuery(addressOf(target, target.path.reveal()), target);
    await post(url, news.message || news.title, headers, signal);
  },
};

/** Headers hold ASCII; ntfy understands RFC 2047 for the rest. */
function inAscii(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${new TextEncoder().encode(text).toBase64()}?=`;
}
