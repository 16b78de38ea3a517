import { Secret } from '../../../src/config/secret.ts';
import type { Connection } from '../../../src/postgres/connect.ts';
import { administrationAnswer, type FakeKey } from './administration.ts';
import type { Dialect } from './captures.ts';
import type { FakeLibrary } from './library.ts';
import { answerTo, type FakeRequest, type FakeState } from './routes.ts';

/** What can go wrong with one request instead of its answer. */
export type Fault =
  | { readonly status: number; readonly retryAfter?: string; readonly body?: string }
  /** A page of HTML, with status 200. */
  | 'html'
  /** Not a word, until the client gives up. */
  | 'silence'
  /** The connection breaks in the middle of the answer. */
  | 'cut'
  | { readonly redirectTo: string };

export interface FakeImmichOptions {
  readonly dialect: Dialect;
  readonly library: FakeLibrary;
  /** Of the key. Default: all. */
  readonly permissions?: readonly string[];
  /** Another version than that of the dialect. */
  readonly version?: FakeState['version'];
  /** Lets users, libraries and albums be those of a database. */
  readonly database?: Connection;
  /** More keys that are right, by their text. */
  readonly keys?: ReadonlyMap<string, FakeKey>;
  /** Asked before every answer: a fault, or undefined for none. `number` counts all requests from 1. */
  readonly fault?: (request: FakeRequest, number: number) => Fault | undefined;
}

/** A server that speaks like a real Immich: its answers are captured ones with other values in them. */
export class FakeImmich implements AsyncDisposable {
  readonly apiKey = new Secret('fake-key-Zq81');
  /** Every request so far, in order. */
  readonly requests: FakeRequest[] = [];
  readonly #options: FakeImmichOptions;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #closing = new AbortController();

  constructor(options: FakeImmichOptions) {
    this.#options = options;
    const serving = {
      hostname: '127.0.0.1',
      port: 0,
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
    };
    this.#server = Deno.serve(serving, (request) => this.#handle(request));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** `GET /faces` and the like, in order, without the requests before `since`. */
  paths(since = 0): string[] {
    return this.requests.slice(since).map(({ method, path }) => `${method} ${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#server.shutdown();
  }

  async #handle(incoming: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(incoming.url);
    if (!pathname.startsWith('/api/')) return html('<html><body>Immich</body></html>');
    const text = await incoming.text();
    const request: FakeRequest = {
      method: incoming.method,
      path: pathname.slice('/api'.length),
      query: searchParams,
      body: text === '' ? {} : JSON.parse(text),
    };
    this.requests.push(request);
    const fault = this.#options.fault?.(request, this.requests.length);
    if (fault !== undefined) return await this.#fail(fault);
    const { dialect, library, permissions = ['all'], version } = this.#options;
    const given = incoming.headers.get('x-api-key');
    const own = given === this.apiKey.reveal() ? { userId: library.userId, permissions } : undefined;
    const known = own ?? this.#options.keys?.get(given ?? '');
    const { database } = this.#options;
    const administration = database && await administrationAnswer({ sql: database, dialect }, request, known);
    const key = given === null ? 'none' : known === undefined ? 'wrong' : 'right';
    const state = { dialect, library, permissions: known?.permissions ?? permissions, version };
    const { status, body } = administration ?? answerTo(state, request, key);
    return status === 204 ? new Response(null, { status }) : json(status, JSON.stringify(body));
  }

  async #fail(fault: Fault): Promise<Response> {
    if (fault === 'html') return html('<!doctype html><html><head><title>Somebody else</title></head></html>');
    if (fault === 'cut') {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"assets": {"items": ['));
          setTimeout(() => controller.error(new Error('cut')), 20);
        },
      });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    }
    if (fault === 'silence') {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#closing.signal.addEventListener('abort', () => resolve());
      await promise;
      return new Response(null, { status: 504 });
    }
    if ('redirectTo' in fault) return new Response(null, { status: 302, headers: { location: fault.redirectTo } });
    const headers: Record<string, string> = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
    return json(fault.status, fault.body ?? JSON.stringify({ message: 'Something is wrong' }), headers);
  }
}

function json(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers } });
}

function html(body: string): Response {
  return new Response(body, { headers: { 'content-type': 'text/html' } });
}
