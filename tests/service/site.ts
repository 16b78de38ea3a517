import assert from 'node:assert/strict';
import { Secret } from '../../src/config/secret.ts';
import { httpApp } from '../../src/service/http/app.ts';
import { listen } from '../../src/service/http/listen.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { disagreements } from '../harness/disagreements.ts';
import { DECISIONS, PAIR, serviceLike } from '../browser/states.ts';

export const TOKEN = 'some-long-random-word';

/** The real server on a free port; what it sets going is only noted. */
export async function serve(name: string, token?: string, allowedHosts: readonly string[] = []) {
  const { state, config } = serviceLike(name, token);
  const done: string[] = [];
  const note = (what: string) => Promise.resolve(`done ${done.push(what)}`);
  const app = httpApp({
    snapshot: () => snapshotOf(state, config, '1.2.3'),
    onChange: (listener) => state.onChange(listener),
    actions: {
      run: () => note('run'),
      dryRun: () => note('dry run'),
      write: () => note('write'),
      pause: () => note('pause'),
      resume: () => note('resume'),
      lastWrite: () =>
        Promise.resolve({
          run: 7,
          startedAt: '2026-01-01T03:00:00Z',
          files: 45,
          some: [{ path: '/photos/beach.jpg', goes: false }],
        }),
      undoWrite: (run) => note(`undo ${run}`),
      pair: () => Promise.resolve(PAIR),
      notify: () => note('notify'),
      confirm: (job) => note(`confirm ${job}`),
      decisions: () => Promise.resolve(DECISIONS),
      resolve: ({ field, take }) => note(`resolve ${field} ${take}`),
      confirmCorrections: (job) => note(`confirm corrections ${job}`),
      review: (job) =>
        Promise.resolve({
          job,
          photos: [{
            mirrorAssetId: 'a',
            fileName: 'beach.jpg',
            takenAt: new Date(0),
            reason: 'source-offline' as const,
          }],
        }),
    },
  }, { token: token === undefined ? undefined : new Secret(token), allowedHosts });
  const listening = await listen(app, { hostname: '127.0.0.1', port: 0 });
  const url = listening.url.slice(0, -1);
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(url + path, { redirect: 'manual', headers });
    const text = await answer.text();
    assert.deepEqual(disagreements(textIn(text)), []);
    return { status: answer.status, headers: answer.headers, text };
  };
  const post = async (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers,
      redirect: 'manual',
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return { url, state, done, get, post, [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose]() };
}

/** What a page says, without its elements. */
export function textIn(page: string): string {
  return page.replaceAll(/<[^>]*>/g, '');
}

type Site = Awaited<ReturnType<typeof serve>>;

/** As the form of the dashboard does. The cookie, and what is said about it. */
export async function signIn(site: Site, token = TOKEN): Promise<{ cookie: string; attributes: string }> {
  const { status, headers } = await site.post('/session', { token }, { origin: site.url });
  assert.equal(status, 303);
  const [cookie = '', ...attributes] = (headers.get('set-cookie') ?? '').split(';');
  return { cookie, attributes: attributes.join(';') };
}
