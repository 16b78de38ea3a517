import { getLogger } from '@logtape/logtape';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE } from 'hono/streaming';
import type { ServiceConfig } from '../../config/config.ts';
import { messageOf } from '../../errors.ts';
import { ICON, SCRIPT, STYLE } from '../dashboard/assets.ts';
import { confirmationPage, type Review } from '../dashboard/confirmation.ts';
import { decisionsPage, type OpenDecisions } from '../dashboard/decisions.ts';
import { pairPage } from '../dashboard/pair.ts';
import { isId } from '../../config/values.ts';
import type { PairDetails } from '../../share/explain/pair.ts';
import { undoPage } from '../dashboard/undo.ts';
import type { LastWrite } from '../../writeback/last_write.ts';
import { dashboard } from '../dashboard/page.ts';
import { type ConflictDecision, decisionIn } from '../decisions.ts';
import { readinessOf } from '../readiness.ts';
import type { SettingsDesk } from '../settings/desk.ts';
import { addSettings } from '../settings/routes.ts';
import { addSetup } from '../setup/routes.ts';
import type { SetupDoor } from '../setup/door.ts';
import { publicSnapshot } from '../public_snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import { Access, formOf, isProgram } from './access.ts';
import { hostNameOf, isAllowedHost } from './allowed_hosts.ts';
import { Metrics } from './metrics.ts';

const logger = getLogger(['immich-sidecar', 'http']);

/** What HTTP shows, and what it may set going. */
export interface Served {
  snapshot(): Snapshot;
  /** Calls `listener` after every change, until what is returned is disposed of. */
  onChange(listener: () => void): Disposable;
  readonly actions: Actions;
  /** Where somebody who is signed in changes the configuration. */
  readonly settings?: SettingsDesk;
  /** While there is no configuration: who may set up. */
  readonly setup?: SetupDoor;
}

/** What somebody who knows HTTP_TOKEN may do. Each returns what came of it, as sentences. */
export interface Actions {
  run(): Promise<string>;
  dryRun(): Promise<string>;
  write(): Promise<string>;
  /** Shares and writes nothing until it is resumed, but for what is locked. */
  pause(): Promise<string>;
  resume(): Promise<string>;
  /** The last run of write-back that can be undone; a sentence when there is none, or that cannot be told. */
  lastWrite(): Promise<LastWrite | string>;
  undoWrite(run: number): Promise<string>;
  /** What one user has from another, by their ids; a sentence when that cannot be told. */
  pair(sourceUserId: string, targetUserId: string): Promise<PairDetails | string>;
  /** What waits for a person where changes go both ways; a sentence when that cannot be told. */
  decisions(): Promise<OpenDecisions | string>;
  /** Says whose value counts for both. */
  resolve(resolution: ConflictDecision): Promise<string>;
  /** Lets what recipients have changed be written into the originals. @param job undefined = of all jobs */
  confirmCorrections(job: string | undefined): Promise<string>;
  /** Sends a test message to everybody who is to be told. */
  notify(): Promise<string>;
  /** @param job undefined = all of them */
  confirm(job: string | undefined): Promise<string>;
  /** What would be removed if it was confirmed now, and how many; a sentence when that cannot be told. */
  review(job: string): Promise<Review | string>;
}

/** A page that is open in a browser takes one; more get no news and reload now and then. */
const MOST_LISTENERS = 50;

const HEARTBEAT_MS = 25_000;

/** News are told at most so often. */
const NEWS_PAUSE_MS = 1_000;

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

/** A form of ours has two short fields; but for the one with a whole file. */
const MAX_BODY_BYTES = 4_096;
const MAX_FILE_BYTES = 1 << 20;

/** Whole files, and thousands of check boxes. */
const LONG_FORMS = /^\/(?:settings\/|setup\/answer$)/;

/** All routes. docs/service.md describes them. */
export function httpApp(served: Served, { token, allowedHosts }: Pick<ServiceConfig, 'token' | 'allowedHosts'>): Hono {
  const app = new Hono();
  const metrics = new Metrics();
  const access = new Access(token);
  const snapshotFor = (isSignedIn: boolean) => isSignedIn ? served.snapshot() : publicSnapshot(served.snapshot());
  /** What somebody is answered who may see everything, or what everybody may see. */
  const forVisitor =
    (answer: (context: Context, snapshot: Snapshot, isSignedIn: boolean) => Response | Promise<Response>) =>
    async (context: Context) => {
      const isSignedIn = await access.isSignedIn(context);
      return typeof isSignedIn === 'boolean' ? await answer(context, snapshotFor(isSignedIn), isSignedIn) : isSignedIn;
    };
  let listeners = 0;
  served.onChange(() => metrics.observe(served.snapshot()));

  app.use(secureHeaders(HEADERS), neverCached, onlyFor(allowedHosts));
  const limited = (maxSize: number) =>
    bodyLimit({ maxSize, onError: (context) => context.text('That is too long.\n', 413) });
  const [short, long] = [limited(MAX_BODY_BYTES), limited(MAX_FILE_BYTES)];
  app.post('*', (context, next) => (LONG_FORMS.test(context.req.path) ? long : short)(context, next));
  app.get('/healthz', (context) => context.json({ alive: true }));
  app.get(
    '/readyz',
    forVisitor((context, snapshot) => {
      const readiness = readinessOf(snapshot, Date.now());
      return context.json(readiness, readiness.ready ? 200 : 503);
    }),
  );
  app.get('/metrics', async () => {
    const { text, contentType } = await metrics.render(snapshotFor(false), Date.now());
    return new Response(text, { headers: { 'content-type': contentType } });
  });
  app.get('/api/status', forVisitor((context, snapshot) => context.json(snapshot)));
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

  const page = (context: Context, isSignedIn: boolean, message?: string) => {
    const door = served.setup;
    const setup = door && { isVoid: door.code.isVoid(Date.now()), isBeginning: door.isBeginning };
    const visitor = {
      canSignIn: access.canSignIn,
      isSignedIn,
      message,
      setup,
      hasSettings: served.settings !== undefined,
    };
    return context.html(dashboard(snapshotFor(isSignedIn), visitor, Date.now()));
  };
  app.get('/', forVisitor((context, _, isSignedIn) => page(context, isSignedIn)));
  if (access.canSignIn) {
    access.addRoutes(app, (context) => {
      context.status(403);
      return page(context, false, 'That is not the HTTP_TOKEN of the configuration.');
    });
    addActions(app, served.actions, access, page);
    addPages(app, served, access, page);
    if (served.settings !== undefined) addSettings(app, served.settings, access);
  }
  if (served.setup === undefined) app.get('/setup', (context) => context.redirect('/', 303));
  else addSetup(app, served.setup);
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

/** The dashboard with what came of something. */
type Page = (context: Context, isSignedIn: boolean, message: string) => Response | Promise<Response>;

function addActions(
  app: Hono,
  actions: Actions,
  access: Access,
  page: Page,
): void {
  app.post(
    '/actions/:name{run|dry-run|write|pause|resume|undo-write|notify|confirm|resolve|confirm-corrections}',
    access.onlySignedIn,
    async (context) => {
      const form = await formOf(context);
      const { job, run } = form;
      const name = typeof job === 'string' ? job : undefined;
      const resolution = decisionIn(form);
      const act: Readonly<Record<string, () => Promise<string>>> = {
        'run': () => actions.run(),
        'dry-run': () => actions.dryRun(),
        'write': () => actions.write(),
        'pause': () => actions.pause(),
        'resume': () => actions.resume(),
        'undo-write': () =>
          Number.isSafeInteger(Number(run)) && Number(run) > 0
            ? actions.undoWrite(Number(run))
            : Promise.resolve('Say which run is undone: run=NUMBER.'),
        'notify': () => actions.notify(),
        'confirm': () => actions.confirm(name),
        'confirm-corrections': () => actions.confirmCorrections(name),
        'resolve': () =>
          resolution === undefined
            ? Promise.resolve('Say which conflict: source, mirror, field, seen and take.')
            : actions.resolve(resolution),
      };
      const message = await act[context.req.param('name')]?.() ?? '';
      return isProgram(context) ? context.json({ message }) : await page(context, true, message);
    },
  );
}

/** Pages for those who are signed in: about two users, and, before anything is removed or undone, what that is, with a second question. */
function addPages(app: Hono, served: Served, access: Access, page: Page): void {
  app.get('/pair', async (context) => {
    const [from, to] = [context.req.query('from') ?? '', context.req.query('to') ?? ''];
    if (await access.isSignedIn(context) !== true || !isId(from) || !isId(to)) return context.redirect('/', 303);
    const pair = await served.actions.pair(from, to);
    if (typeof pair === 'string') return await page(context, true, pair);
    const { jobs, immichUrl } = served.snapshot();
    const problems = new Map(jobs.map((job) => [job.name, job.problems]));
    return context.html(pairPage(pair, { problems, immichUrl, nowIso: new Date().toISOString() }));
  });
  app.get('/decisions', async (context) => {
    if (await access.isSignedIn(context) !== true) return context.redirect('/', 303);
    const found = await served.actions.decisions();
    if (typeof found === 'string') return await page(context, true, found);
    return context.html(decisionsPage(found, served.snapshot().immichUrl));
  });
  app.get('/undo', async (context) => {
    if (await access.isSignedIn(context) !== true) return context.redirect('/', 303);
    const last = await served.actions.lastWrite();
    if (typeof last === 'string') return await page(context, true, last);
    return context.html(undoPage(last, served.snapshot().pausedSince !== undefined));
  });
  app.get('/confirm', async (context) => {
    const isSignedIn = await access.isSignedIn(context);
    if (isSignedIn !== true) return context.redirect('/', 303);
    const job = context.req.query('job') ?? '';
    const brake = served.snapshot().brakes.find((one) => one.job === job);
    if (brake === undefined) return context.redirect('/', 303);
    return context.html(confirmationPage(brake, await served.actions.review(job), served.snapshot().immichUrl));
  });
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
