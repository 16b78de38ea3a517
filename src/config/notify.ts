import { z } from 'zod';
import { canonicalHost } from './hosts.ts';
import { Secret } from './secret.ts';
import type { ValueType } from './values.ts';

/** Kinds of services that can be told; each has a file in service/notify/services/. */
export type NotifyService = 'json' | 'ntfy' | 'gotify' | 'telegram' | 'email' | 'healthchecks';

/** What somebody may be told of. */
export const NOTIFY_EVENTS = Object.freeze(['failure', 'recovery', 'brake', 'written', 'shared'] as const);
export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

/** New photos come all the time: that is told on request. */
const USUAL_EVENTS: readonly NotifyEvent[] = NOTIFY_EVENTS.filter((event) => event !== 'shared');

/** One place that is told, as its address says. */
export interface NotifyTarget {
  readonly service: NotifyService;
  /** Where it is, for logs and pages: `ntfy at ntfy.example.org`. */
  readonly label: string;
  /** What is connected to; that and no more is allowed. */
  readonly hostname: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  readonly username: Secret | undefined;
  readonly password: Secret | undefined;
  /** What stands behind the host, as it was written, without a slash at its beginning or end: a path, a topic, a key. */
  readonly path: Secret;
  /** What stands behind the "?", but for `events`: also that may be a key. */
  readonly query: Secret;
  readonly events: readonly NotifyEvent[];
}

interface Scheme {
  readonly service: NotifyService;
  readonly port: number;
  readonly isEncrypted: boolean;
  /** Where the service is, if that is always the same place. */
  readonly host?: string;
}

const HTTP = { port: 80, isEncrypted: false };
const HTTPS = { port: 443, isEncrypted: true };

/** As Apprise has them, where it has them: an "s" at the end stands for TLS. */
const SCHEMES: Readonly<Record<string, Scheme>> = Object.freeze({
  json: { service: 'json', ...HTTP },
  jsons: { service: 'json', ...HTTPS },
  http: { service: 'json', ...HTTP },
  https: { service: 'json', ...HTTPS },
  ntfy: { service: 'ntfy', ...HTTP },
  ntfys: { service: 'ntfy', ...HTTPS },
  gotify: { service: 'gotify', ...HTTP },
  gotifys: { service: 'gotify', ...HTTPS },
  tgram: { service: 'telegram', ...HTTPS, host: 'api.telegram.org' },
  mailto: { service: 'email', port: 587, isEncrypted: false },
  mailtos: { service: 'email', port: 465, isEncrypted: true },
  healthcheck: { service: 'healthchecks', ...HTTP },
  healthchecks: { service: 'healthchecks', ...HTTPS },
});

/** Nobody needs more, and each costs a request an event. */
const MOST_TARGETS = 20;

/** The single addresses of what was written, in their order. */
export function targetTexts(given: string | readonly string[]): string[] {
  return (typeof given === 'string' ? given.split(/\s+|,(?=[a-z]+:\/\/)/i) : given)
    .map((text) => text.trim().replace(/,$/, '')).filter((text) => text !== '');
}

/** Addresses as Apprise writes them, separated by blanks or commas (a comma inside is `%2C`), or a list in YAML; a secret, as they hold keys. */
export const notifyTargets: ValueType<NotifyTarget[]> = {
  schema: z.union([z.string(), z.array(z.string())], 'is not a list of addresses').transform((given, context) => {
    const texts = targetTexts(given);
    const complain = (message: string) => context.addIssue({ code: 'custom', message });
    if (texts.length > MOST_TARGETS) complain(`has more than ${MOST_TARGETS} addresses`);
    return texts.flatMap((text, index) => {
      const target = readTarget(text);
      if (typeof target !== 'string') return [target];
      complain(`has a mistake in address ${index + 1}: ${target}`);
      return [];
    });
  }),
  remedy:
    'Write addresses as in docs/service.md: ntfys://ntfy.example.org/photos, gotifys://HOST/TOKEN, tgram://BOT:TOKEN/CHAT, ' +
    'mailtos://USER:PASSWORD@HOST?to=ADDRESS, healthchecks://HOST/KEY, jsons://HOST/PATH.',
  mayHoldSecret: () => true,
};

/** The setting's older form: one http(s) address, and the word that says what is there. */
export function plainTarget(url: Secret, service: NotifyService): NotifyTarget {
  const target = readTarget(new URL(url.reveal()).href, service);
  if (typeof target === 'string') throw new Error('the setting lets only addresses of the web through');
  return target;
}

/** What an address says, or what is wrong with it. It is never quoted: it may be all key. */
function readTarget(text: string, service?: NotifyService): NotifyTarget | string {
  const [, name = '', rest = ''] = /^([a-z]+):\/\/(.*)$/i.exec(text) ?? [];
  const scheme = withOwnServer(SCHEMES[name.toLowerCase()], rest);
  if (scheme === undefined) return `it begins with none of ${Object.keys(SCHEMES).map((one) => `${one}://`).join(' ')}`;
  const kind = service ?? scheme.service;
  const parts = scheme.host === undefined ? withHost(rest, kind) : { authority: scheme.host, path: rest };
  if (parts === undefined) return 'it has no host';
  const { authority, path } = parts;
  const [, credentials, address = ''] = /^(?:(.*)@)?(.*)$/.exec(authority) ?? [];
  const [, host = '', port] = /^(\[[^\]]+\]|[^:]*)(?::(\d{1,5}))?$/.exec(address) ?? [];
  const hostname = canonicalHost(host);
  if (hostname === undefined || Number(port ?? 1) > 65_535) return 'its host can be none';
  const [where = '', search = ''] = path.split(/\?(.*)/s);
  const query = Object.fromEntries(new URLSearchParams(search.replaceAll('+', '%2B')));
  // In the older form everything behind the "?" is the service's.
  const { events: chosen, ...ofService } = query;
  const [wanted, others] = service === undefined ? [chosen, ofService] : [undefined, query];
  const events = wanted === undefined ? USUAL_EVENTS : wanted.split(',').map((one) => one.trim().toLowerCase());
  const unknown = events.find((event) => !(NOTIFY_EVENTS as readonly string[]).includes(event));
  if (unknown !== undefined) return `events= knows ${NOTIFY_EVENTS.join(', ')} only`;
  const [username, ...password] = credentials === undefined ? [] : credentials.split(':').map(decoded);
  const isDefault = parts.isNtfySh === true;
  const target: NotifyTarget = {
    service: kind,
    label: `${LABELS[kind]} at ${hostname}`,
    hostname,
    port: Number(port ?? (isDefault ? HTTPS.port : scheme.port)),
    isEncrypted: scheme.isEncrypted || isDefault,
    username: username === undefined ? undefined : new Secret(username),
    password: password.length === 0 ? undefined : new Secret(password.join(':')),
    path: new Secret(where.replace(/^\/+|\/+$/g, '')),
    query: new Secret(String(new URLSearchParams(others))),
    events: events as NotifyEvent[],
  };
  // In the older form a word says what is there, and anything goes.
  return (service === undefined ? complaintAbout(target) : undefined) ?? target;
}

/** Telegram's server is one that anybody may run: `?api=http://192.168.1.5:8081`. */
function withOwnServer(scheme: Scheme | undefined, rest: string): Scheme | undefined {
  const api = scheme?.host === undefined ? null : /[?&]api=(https?):(?:\/\/|%2F%2F)([^/&%]+)/i.exec(rest);
  if (scheme === undefined || api === null) return scheme;
  return { service: scheme.service, ...(api[1]?.toLowerCase() === 'http' ? HTTP : HTTPS), host: api[2] ?? '' };
}

const LABELS: Readonly<Record<NotifyService, string>> = Object.freeze({
  json: 'the webhook',
  ntfy: 'ntfy',
  gotify: 'Gotify',
  telegram: 'Telegram',
  email: 'the mail server',
  healthchecks: 'healthchecks',
});

/** The host, and what stands behind it. `ntfy://topic` is a topic of ntfy.sh. */
function withHost(
  rest: string,
  service: NotifyService,
): { readonly authority: string; readonly path: string; readonly isNtfySh?: boolean } | undefined {
  const [, authority = '', path = ''] = /^([^/?]*)(.*)$/s.exec(rest) ?? [];
  if (authority === '') return undefined;
  const isTopic = service === 'ntfy' && /^\/?(?:\?.*)?$/s.test(path) && !/[.:@]/.test(authority);
  return isTopic
    ? { authority: 'ntfy.sh', path: `/${authority}${path.replace(/^\//, '')}`, isNtfySh: true }
    : { authority, path };
}

/** The parts of the query by their names. */
export function queryOf({ query }: NotifyTarget): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(query.reveal()));
}

function complaintAbout(target: NotifyTarget): string | undefined {
  const { service, hostname } = target;
  const [username, query] = [target.username?.reveal(), queryOf(target)];
  const parts = target.path.reveal().split('/').filter((part) => part !== '');
  switch (service) {
    case 'ntfy':
      return parts.length === 0 ? 'it names no topic: ntfys://HOST/TOPIC' : undefined;
    case 'gotify':
      return parts.length === 0 ? 'it has no token: gotifys://HOST/TOKEN' : undefined;
    case 'telegram':
      return parts.length > 1 && /^\d+:[\w-]+$/.test(parts[0] ?? '') ? undefined : 'it is not tgram://BOT:TOKEN/CHAT';
    case 'healthchecks':
      return parts.length === 0 ? 'it has no key: healthchecks://HOST/KEY' : undefined;
    case 'email': {
      const addresses = [query['to'] ?? query['from'] ?? username ?? '', query['from'] ?? username ?? `x@${hostname}`];
      return addresses.every((address) => address.split(',').every((one) => /^[^\s@]*@?[^\s@]+$/.test(one.trim()))) &&
          (query['to'] ?? username) !== undefined
        ? undefined
        : 'nobody gets it: mailtos://USER:PASSWORD@HOST?to=ADDRESS';
    }
    case 'json':
      return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
