import { plain } from '../../config/quote.ts';
import { EXIT, UserError } from '../../errors.ts';

/** Why a request got no usable answer. A closed list: each has its own sentence, its own remedy, and its own rule for trying again. */
export type FailureKind =
  | 'wrong-key'
  | 'missing-permission'
  | 'forbidden'
  | 'bad-request'
  | 'unknown-route'
  | 'redirected'
  | 'not-immich'
  | 'not-understood'
  | 'busy'
  | 'unreachable'
  | 'certificate'
  | 'timeout';

/** What may be different a moment later. */
const WORTH_RETRYING: ReadonlySet<FailureKind> = new Set(['busy', 'unreachable', 'timeout']);

interface Failure {
  readonly kind: FailureKind;
  /** Continues "Immich at …": what happened, without a full stop. */
  readonly what: string;
  readonly remedy: string;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A request to Immich's REST API that failed. Its message is for the user and never holds the key. */
export class ImmichApiError extends UserError {
  override name = 'ImmichApiError';
  readonly kind: FailureKind;
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(url: string, { kind, what, remedy, retryAfterMs, cause }: Failure) {
    super(`Immich at ${url} ${what}.`, { problemCode: `immich-${kind}`, remedy, exitCode: EXIT.usage, cause });
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }

  get isWorthRetrying(): boolean {
    return WORTH_RETRYING.has(this.kind);
  }
}

const CHECK_URL =
  'Set IMMICH_API_URL to the address at which you open Immich in a browser, such as http://immich_server:2283.';
const WAIT = 'Check that Immich is running and has finished starting, and start again.';

/** Why an answer with this status is no good. `text` is its body, as far as it is text. Pure. */
export function failureOfAnswer(
  route: string,
  answer: { readonly status: number; readonly headers: Headers },
  text: string,
): Failure {
  const { status, headers } = answer;
  const said = messageIn(text);
  if (status === 429 || status >= 500) {
    return {
      kind: 'busy',
      what: `is not ready: it answered ${route} with ${status}${said === undefined ? '' : ` (${said})`}`,
      remedy: WAIT,
      retryAfterMs: retryAfterMs(headers.get('retry-after'), Date.now()),
    };
  }
  if (status >= 300 && status < 400) {
    const target = originOf(headers.get('location'));
    return {
      kind: 'redirected',
      what: `answers with a redirection${
        target === undefined ? '' : ` to ${target}`
      }, which a request with a key does not follow`,
      remedy: target === undefined
        ? CHECK_URL
        : `Set IMMICH_API_URL to the address where Immich itself answers, perhaps ${target}.`,
    };
  }
  if (said === undefined) {
    return {
      kind: 'not-immich',
      what: `does not answer like Immich: ${route} gave status ${status} and no JSON`,
      remedy: CHECK_URL,
    };
  }
  if (status === 401) {
    return {
      kind: 'wrong-key',
      what: `does not accept the API key (${said})`,
      remedy:
        'Create a key in Immich (Account Settings > API Keys) and set IMMICH_API_KEY or IMMICH_API_KEY_FILE to it.',
    };
  }
  if (status === 403) return forbidden(route, said);
  if (status === 404) {
    return { kind: 'unknown-route', what: `does not know ${route} (${said})`, remedy: CHECK_URL };
  }
  return {
    kind: 'bad-request',
    what: `did not accept a request to ${route} (${status}: ${said})`,
    remedy: 'Update immich-sidecar, or report this message together with the version of Immich.',
  };
}

/** A request that got no answer at all. Pure. */
export function failureOfConnection(error: unknown, timeoutMs: number): Failure {
  const text = causesOf(error).join(': ');
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return { kind: 'timeout', what: `gave no answer for ${timeoutMs / 1000} seconds`, remedy: WAIT, cause: error };
  }
  if (/certificate/i.test(text)) {
    return {
      kind: 'certificate',
      what: 'has a certificate that this program does not trust',
      remedy: 'Use the http:// address inside your network, or add the certificate authority with DENO_CERT.',
      cause: error,
    };
  }
  return {
    kind: 'unreachable',
    what: `cannot be reached (${reasonIn(text)})`,
    remedy: `${CHECK_URL} ${WAIT}`,
    cause: error,
  };
}

/** An answer that is JSON but not what this program knows. `detail` names the field. */
export function notUnderstood(route: string, detail: string, cause?: unknown): Failure {
  return {
    kind: 'not-understood',
    what: `answered ${route} in a way that this program does not know (${plain(detail)})`,
    remedy: 'Update immich-sidecar, or report this message together with the version of Immich.',
    cause,
  };
}

/** A page of HTML, or nothing, where JSON was expected. */
export function notImmich(route: string): Failure {
  return { kind: 'not-immich', what: `does not answer like Immich: ${route} gave no JSON`, remedy: CHECK_URL };
}

function forbidden(route: string, said: string): Failure {
  const permission = /Missing required permission: ([\w.]+)/.exec(said)?.[1];
  if (permission === undefined) {
    return {
      kind: 'forbidden',
      what: `does not let this API key use ${route} (${said})`,
      remedy: 'Use a key of the user whose photos are to be written.',
    };
  }
  return {
    kind: 'missing-permission',
    what: `says that the API key lacks the permission ${permission}, which ${route} needs`,
    remedy: allowRemedy([permission]),
  };
}

/** How to give a key more permissions. */
export function allowRemedy(permissions: readonly string[]): string {
  return `In Immich, open Account Settings > API Keys, edit the key and allow ${permissions.join(', ')}.`;
}

/** What an error body of Immich says: `message`, which is a list when validation failed (2.x). undefined if it is none. */
function messageIn(text: string): string | undefined {
  try {
    const { message, errors } = JSON.parse(text);
    const details = Array.isArray(errors) ? errors.map((error) => `${error?.path}: ${error?.message}`) : [];
    const parts = [message ?? [], details].flat().filter((part) => typeof part === 'string');
    return parts.length === 0 ? undefined : plain(parts.join('; ').slice(0, 200));
  } catch {
    return undefined;
  }
}

/** The wait that a `Retry-After` header asks for, in milliseconds: seconds, or a date. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(wait) && wait > 0 ? wait : undefined;
}

function originOf(location: string | null): string | undefined {
  return location !== null && URL.canParse(location) ? new URL(location).origin : undefined;
}

/** The message of an error and of what caused it: Deno's `fetch failed` alone says nothing. */
function causesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  return error.cause === undefined ? [error.message] : [error.message, ...causesOf(error.cause)];
}

/** Deno's messages name the address and then, after the last colon, what the system said. */
function reasonIn(text: string): string {
  const known =
    /connection refused|connection reset|dns error|name or service not known|no route to host|network is unreachable/i
      .exec(text)?.[0];
  return plain(known?.toLowerCase() ?? text.slice(text.lastIndexOf(': ') + 1).trim().slice(0, 120));
}
