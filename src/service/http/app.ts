import { Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { streamSSE } from 'hono/streaming';
import type { Secret } from '../../config/secret.ts';
import { ICON, SCRIPT, STYLE } from '../dashboard/assets.ts';
import { dashboard } from '../dashboard/page.ts';
import { readinessOf } from '../readiness.ts';
import type { Snapshot } from '../snapshot.ts';
import { Access, SESSION_COOKIE } from './access.ts';
import { Metrics } from './metrics.ts';

/** What HTTP shows, and what it may set going. */
export interface Served {
  snapshot(): Snapshot;
  /** Calls `listener` after every change, until what is returned is disposed of. */
  onChange(listener: () => void): Disposable;
  readonly actions: Actions;
}

/** What somebody who knows HTTP_TOKEN may do. Each returns what came of it, as sentences. */
export interface Actions {
  run(): Promise<string>;
  dryRun(): Promise<string>;
  /** @param job undefined = all of them */
  confirm(job: string | undefined): Promise<string>;
}

/** A page that is open in a browser takes one; more get no news and reload now and then. */
const MOST_LISTENERS = 50;

const HEARTBEAT_MS = 25_000;

/** News are told at most so often. */
const NEWS_PAUSE_MS = 1_000;

/** No page of ours loads anything from elsewhere, runs text as a script, or is shown in another page. */
const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** A form of ours has three short fields. */
const MOST_BYTES = 4_096;

/** All routes. docs/service.md describes them. */
export function httpApp(served: Served, token: Secret | undefined): Hono {
  const app = new Hono();
  const metrics = new Metrics();
  let listeners = 0;
  served.onChange(() => metrics.observe(served.snapshot()));

  app.use(async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set('content-security-policy', POLICY);
    headers.set('x-content-type-options', 'nosniff');
    headers.set('referrer-policy', 'no-referrer');
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  });
  app.get('/healthz', (context) => context.json({ alive: true }));
  app.get('/readyz', (context) => {
    const readiness = readinessOf(served.snapshot(), Date.now());
    return context.json(readiness, readiness.ready ? 200 : 503);
  });
  app.get('/metrics', async () => {
    const { text, contentType } = await metrics.render(served.snapshot(), Date.now());
    return new Response(text, { headers: { 'content-type': contentType } });
  });
  app.get('/api/status', (context) => context.json(served.snapshot()));
  app.get('/style.css', () => asset(STYLE, 'text/css'));
  app.get('/live.js', () => asset(SCRIPT, 'text/javascript'));
  app.get('/icon.svg', () => asset(ICON, 'image/svg+xml'));
  app.get('/events', (context) => {
    if (listeners >= MOST_LISTENERS) return context.text('Too many pages are open.', 503, { 'retry-after': '60' });
    listeners++;
    return streamSSE(context, async (stream) => {
      const news = new News(served);
      stream.onAbort(() => news.end());
      try {
        while (!stream.aborted) {
          const isNews = await news.next();
          if (stream.aborted) break;
          await stream.writeSSE({ event: isNews ? 'change' : 'alive', data: '' });
        }
      } finally {
        news.end();
        listeners--;
      }
    });
  });

  const access = token === undefined ? undefined : new Access(token);
  app.get('/', (context) => {
    const cookie = getCookie(context, SESSION_COOKIE);
    const isSignedIn = cookie !== undefined && access?.isSession(cookie, Date.now());
    return context.html(dashboard(served.snapshot(), {
      canSignIn: access !== undefined,
      formValue: isSignedIn ? access?.formValue(cookie) : undefined,
      message: undefined,
    }, Date.now()));
  });
  if (access !== undefined) addActions(app, served, access);
  app.notFound((context) => context.text('There is nothing here. / shows the dashboard.\n', 404));
  // What went wrong inside is for the log alone.
  app.onError((_, context) => context.text('That did not work; the log says more.\n', 500));
  return app;
}

function addActions(app: Hono, served: Served, access: Access): void {
  const { actions } = served;
  const read = async (request: Request): Promise<FormData | undefined> => {
    const length = Number(request.headers.get('content-length') ?? Infinity);
    return length > MOST_BYTES ? undefined : await request.formData().catch(() => undefined);
  };
  app.post('/session', async (context) => {
    if (isForeign(context.req.raw)) return context.text('This form belongs to another site.\n', 403);
    const said = (await read(context.req.raw))?.get('token');
    if (typeof said !== 'string' || !access.isToken(said, Date.now())) {
      return context.text('That is not the HTTP_TOKEN of the configuration. Go back and try again.\n', 403);
    }
    const { value, maxAge } = access.openSession(Date.now());
    setCookie(context, SESSION_COOKIE, value, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge });
    return context.redirect('/', 303);
  });
  app.post('/session/end', (context) => {
    setCookie(context, SESSION_COOKIE, '', { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 0 });
    return context.redirect('/', 303);
  });
  app.post('/actions/:name{run|dry-run|confirm}', async (context) => {
    const isProgram = access.isBearer(context.req.header('authorization'), Date.now());
    const cookie = getCookie(context, SESSION_COOKIE) ?? '';
    const form = await read(context.req.raw);
    const isBrowser = !isForeign(context.req.raw) && access.isSession(cookie, Date.now()) &&
      access.isForm(cookie, String(form?.get('form') ?? ''));
    if (!isProgram && !isBrowser) {
      return context.text('Sign in, or send the header Authorization: Bearer <HTTP_TOKEN>.\n', 403);
    }
    const job = form?.get('job');
    const name = context.req.param('name');
    const message = name === 'run'
      ? await actions.run()
      : name === 'dry-run'
      ? await actions.dryRun()
      : await actions.confirm(typeof job === 'string' ? job : undefined);
    if (isProgram) return context.json({ message });
    const visitor = { canSignIn: true, formValue: access.formValue(cookie), message };
    return context.html(dashboard(served.snapshot(), visitor, Date.now()));
  });
}

/** Whether a browser says that a form was sent by a page of another site. */
function isForeign(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site');
  if (site !== null) return site !== 'same-origin' && site !== 'none';
  const origin = request.headers.get('origin');
  return origin !== null && (!URL.canParse(origin) || new URL(origin).host !== request.headers.get('host'));
}

function asset(text: string, type: string): Response {
  return new Response(text, {
    headers: { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'max-age=300' },
  });
}

/** Changes of what is served, one after the other, however many come at once. */
class News {
  #isNews = false;
  #wake = () => {};
  readonly #subscription: Disposable;

  constructor(served: Served) {
    this.#subscription = served.onChange(() => {
      this.#isNews = true;
      this.#wake();
    });
  }

  /** Waits for a change, and returns true; false after a while without one, as a sign of life. */
  async next(): Promise<boolean> {
    if (!this.#isNews) await this.#pause(HEARTBEAT_MS);
    const isNews = this.#isNews;
    if (isNews) await new Promise((resolve) => setTimeout(resolve, NEWS_PAUSE_MS));
    this.#isNews = false;
    return isNews;
  }

  end(): void {
    this.#subscription[Symbol.dispose]();
    this.#wake();
  }

  async #pause(milliseconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
  }
}
