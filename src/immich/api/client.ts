import { getLogger } from '@logtape/logtape';
import pLimit from 'p-limit';
import pRetry from 'p-retry';
import { z } from 'zod';
import type { Secret } from '../../config/secret.ts';
import { failureOfAnswer, failureOfConnection, ImmichApiError, notImmich, notUnderstood } from './failure.ts';

const logger = getLogger(['immich-sidecar', 'immich']);

/** A page of 1,000 assets takes a small NAS some seconds; a minute means that nobody is there. */
const TIMEOUT_MS = 60_000;

/** 0.5 + 1 + 2 + 4 seconds: long enough for a restart of the proxy in front of Immich, not for one of Immich itself. */
const RETRIES = 4;
const FIRST_DELAY_MS = 500;

/** A server that asks for a longer pause than this gets this one. */
const LONGEST_RETRY_AFTER_MS = 120_000;

/** Assets per request when only their ids are wanted: the most that Immich gives. */
const IDS_PER_REQUEST = 1_000;

export interface ImmichApiOptions {
  /** Without `/api` and without a slash at the end. */
  readonly url: string;
  readonly apiKey: Secret;
  /** How many requests may be on their way at once. */
  readonly concurrency: number;
  /** Ends every request, running or waiting. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly firstDelayMs?: number;
  /** IDS_PER_REQUEST when left out. */
  readonly idsPerRequest?: number;
}

type Query = Readonly<Record<string, string>>;

/**
 * Immich's REST API for one key. Requests wait for each other beyond `concurrency`, and are tried again when the server
 * is busy, silent or gone. Whatever goes wrong is an ImmichApiError; an abort is the signal's reason.
 */
export class ImmichApi {
  readonly url: string;
  readonly idsPerRequest: number;
  readonly #options: ImmichApiOptions;
  readonly #limit: ReturnType<typeof pLimit>;

  constructor(options: ImmichApiOptions) {
    this.url = options.url;
    this.idsPerRequest = options.idsPerRequest ?? IDS_PER_REQUEST;
    this.#options = options;
    this.#limit = pLimit(options.concurrency);
  }

  /** `path` begins after `/api`. The answer is what `schema` makes of the JSON. */
  async get<T>(path: string, schema: z.ZodType<T>, query: Query = {}): Promise<T> {
    const search = new URLSearchParams(query).toString();
    return await this.#request(`GET /api${path}`, `${path}${search === '' ? '' : `?${search}`}`, {}, schema);
  }

  async post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return await this.#request(`POST /api${path}`, path, init, schema);
  }

  async put<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    const init = { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return await this.#request(`PUT /api${path}`, path, init, schema);
  }

  async delete(path: string): Promise<void> {
    await this.#request(`DELETE /api${path}`, path, { method: 'DELETE' }, z.unknown());
  }

  /** Deletes what the body names, at a path that tells whereof. */
  async deleteFrom<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    const init = { method: 'DELETE', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return await this.#request(`DELETE /api${path}`, path, init, schema);
  }

  /** @param route how messages name the request: without query, as that may hold ids */
  async #request<T>(route: string, path: string, init: RequestInit, schema: z.ZodType<T>): Promise<T> {
    const { signal, retries = RETRIES, firstDelayMs = FIRST_DELAY_MS } = this.#options;
    return await this.#limit(() =>
      pRetry(() => this.#attempt(route, path, init, schema), {
        retries,
        minTimeout: firstDelayMs,
        factor: 2,
        randomize: true,
        ...(signal === undefined ? {} : { signal }),
        shouldRetry: ({ error }) => error instanceof ImmichApiError && error.isWorthRetrying,
        onFailedAttempt: async ({ error, retriesLeft }) => {
          if (!(error instanceof ImmichApiError) || !error.isWorthRetrying || retriesLeft === 0) return;
          logger.debug('{message} Trying again.', { message: error.message });
          await pause(Math.min(error.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS), signal);
        },
      })
    );
  }

  async #attempt<T>(route: string, path: string, init: RequestInit, schema: z.ZodType<T>): Promise<T> {
    const { ok, text, ...answer } = await this.#fetch(path, init);
    if (!ok) {
      // A proxy may send back what it got, headers included.
      const said = text.replaceAll(this.#options.apiKey.reveal(), '***');
      throw new ImmichApiError(this.url, failureOfAnswer(route, answer, said));
    }
    const json = answer.status === 204 ? { value: undefined } : parseJson(text);
    if (json === undefined) throw new ImmichApiError(this.url, notImmich(route));
    const result = schema.safeParse(json.value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new ImmichApiError(this.url, notUnderstood(route, `${issue?.path.join('.')}: ${issue?.message}`));
  }

  async #fetch(path: string, init: RequestInit) {
    const { apiKey, signal, timeoutMs = TIMEOUT_MS } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(`${this.url}/api${path}`, {
        ...init,
        headers: { accept: 'application/json', ...init.headers, 'x-api-key': apiKey.reveal() },
        // Followed, the key would be sent to wherever it leads.
        redirect: 'manual',
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
      return { ok: response.ok, status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      signal?.throwIfAborted();
      throw new ImmichApiError(this.url, failureOfConnection(error, timeoutMs));
    }
  }
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Resolves after `milliseconds`; rejects with the signal's reason when that comes first. */
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  if (milliseconds === 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal?.reason);
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
