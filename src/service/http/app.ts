import { getConnInfo } from '@hono/node-server/conninfo';
import { getLogger } from '@logtape/logtape';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE } from 'hono/streaming';
import type { ServiceConfig } from '../../config/config.ts';
import { messageOf } from '../../errors.ts';
import { ICON, SCRIPT, STYLE } from '../dashboard/assets.ts';
import { dashboard } from '../dashboard/page.ts';
import { readinessOf } from '../readiness.ts';
import type { Snapshot } from '../snapshot.ts';
import { hostNameOf, isAllowedHost } from './allowed_hosts.ts';
import { Metrics } from './metrics.ts';
import { Sessions } from './sessions.ts';
import { TokenCheck } from './token_check.ts';

const logger = getLogger(['immich-sidecar', 'http']);

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

const SESSION_COOKIE = 'immich_sidecar_session';

/** No page of ours loads anything from elsewhere, runs text as a script, or is shown in another page. */
const HEADERS: Parameters<typeof secureHeaders>[0] = {
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: ["'self'"],
    scriptSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  // Whether the name is served with TLS for good is for the proxy to say.
  strictTransportSecurity: false,
};

/** A form of ours has two short fields. */
const MAX_BODY_BYTES = 4_096;

/** All routes. docs/service.md describes them. */
export function httpApp(served: Served, { token, allowedHosts }: Pick<ServiceConfig, 'token' | 'allowedHosts'>): Hono {
  const app = new Hono();
  const metrics = new Metrics();
  let listeners = 0;
  served.onChange(() => metrics.observe(served.snapshot()));

  app.use(secureHeaders(HEADERS), neverCached, onlyFor(allowedHosts));
  app.post('*', bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (context) => context.text('That is too long.\n', 413) }));
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

  const access = token === undefined ? undefined : { sessions: new Sessions(), tokens: new TokenCheck(token) };
  app.get('/', (context) => page(context, served, access));
  if (access !== undefined) addActions(app, served, access);
  app.notFound((context) => context.text('There is nothing here. / shows the dashboard.\n', 404));
  app.onError((error, context) => {
    if (error instanceof HTTPException) return context.text('A page of another site has sent this form.\n', 403);
    logger.error('{path} could not be answered: {problem}', {
      path: context.req.path,
      problem: messageOf(error),
      error,
    });
    return context.text('That did not work; the log says more.\n', 500);
  });
  return app;
}

/** Who may do something over HTTP: a program that sends the token with each request, or a browser that was given it once. */
interface Access {
  readonly sessions: Sessions;
  readonly tokens: TokenCheck;
}

function page(
  context: Context,
  served: Served,
  access: Access | undefined,
  message?: string,
): Response | Promise<Response> {
  return context.html(dashboard(served.snapshot(), {
    canSignIn: access !== undefined,
    isSignedIn: access?.sessions.has(getCookie(context, SESSION_COOKIE), Date.now()) ?? false,
    message,
  }, Date.now()));
}

function addActions(app: Hono, served: Served, access: Access): void {
  const { actions } = served;
  const { sessions, tokens } = access;
  const isToken = (context: Context, said: string) =>
    tokens.isRight(said, getConnInfo(context).remote.address ?? '', context.req.raw.signal);
  const isSameSite = csrf({ origin: isOwnOrigin });

  /** A program sends the token, which no page of another site can; a browser sends a form of ours. */
  const onlySignedIn: MiddlewareHandler = async (context, next) => {
    const header = context.req.header('authorization');
    if (header !== undefined) {
      const said = /^Bearer (\S+)$/i.exec(header)?.[1];
      if (said !== undefined && await isToken(context, said)) return await next();
    } else if (sessions.has(getCookie(context, SESSION_COOKIE), Date.now())) return await isSameSite(context, next);
    return context.text('Sign in, or send the header Authorization: Bearer <HTTP_TOKEN>.\n', 403);
  };

  app.post('/session', isSameSite, async (context) => {
    const { token } = await formOf(context);
    if (typeof token !== 'string' || !await isToken(context, token)) {
      context.status(403);
      return await page(context, served, access, 'That is not the HTTP_TOKEN of the configuration.');
    }
    const { id, maxAge } = sessions.open(Date.now());
    setCookie(context, SESSION_COOKIE, id, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge });
    return context.redirect('/', 303);
  });
  app.post('/session/end', isSameSite, (context) => {
    sessions.end(getCookie(context, SESSION_COOKIE));
    deleteCookie(context, SESSION_COOKIE, { path: '/' });
    return context.redirect('/', 303);
  });
  app.post('/actions/:name{run|dry-run|confirm}', onlySignedIn, async (context) => {
    const { job } = await formOf(context);
    const name = context.req.param('name');
    const message = name === 'run'
      ? await actions.run()
      : name === 'dry-run'
      ? await actions.dryRun()
      : await actions.confirm(typeof job === 'string' ? job : undefined);
    const isProgram = context.req.header('authorization') !== undefined;
    return isProgram ? context.json({ message }) : await page(context, served, access, message);
  });
}

/** The fields of a form; none when it is no form. */
async function formOf(context: Context): Promise<Record<string, unknown>> {
  return await context.req.parseBody().catch(() => ({}));
}

/** Behind a proxy with TLS the browser's own address begins with https. */
function isOwnOrigin(origin: string, context: Context): boolean {
  return URL.canParse(origin) && new URL(origin).host === context.req.header('host')?.toLowerCase();
}

const neverCached: MiddlewareHandler = async (context, next) => {
  await next();
  if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store');
};

function onlyFor(allowedHosts: readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? '';
    if (isAllowedHost(host, allowedHosts)) return await next();
    const name = hostNameOf(host) || 'this name';
    return context.text(
      `This service is not answered under the name ${name}. If it is yours, set HTTP_ALLOWED_HOSTS=${name} and start again.\n`,
      403,
    );
  };
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
