import { addressOf, authorizationOf, post, withQuery } from '../post.ts';
import type { Service } from '../service.ts';

/** Anything that takes one JSON object: a webhook of Home Assistant, n8n, a script. */
export const json: Service = {
  async send({ event, title, message }, target, signal) {
    const url = withQuery(addressOf(target, target.path.reveal()), target);
    const body = JSON.stringify({ source: 'immich-sidecar', event, title, message });
    await post(url, body, { 'content-type': 'application/json', ...authorizationOf(target) }, signal);
  },
};
