import { addressOf, post, withQuery } from '../post.ts';
import { isUrgent, type Service } from '../service.ts';

/** https://healthchecks.io/docs/http_api/: hearing nothing is a signal, too. */
export const healthchecks: Service = {
  wants: (news) => news.event === 'alive' || news.event === 'test' || isUrgent(news),
  async send(news, target, signal) {
    const path = target.path.reveal() + (isUrgent(news) ? '/fail' : '');
    await post(withQuery(addressOf(target, path), target), `${news.title}. ${news.message}`.trim(), {}, signal);
  },
};
