import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, Hono, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import type { Secret } from '../../config/secret.ts';
import { Sessions } from './sessions.ts';
import { TokenCheck } from './token_check.ts';

const SESSION_COOKIE = 'immich_sidecar_session';

const REFUSAL = 'Sign in, or send the header Authorization: Bearer <HTTP_TOKEN>.\n';

/** Who sends a request. */
export interface Visitor {
  /** HTTP_TOKEN is set: who knows it may sign in. */
  readonly canSignIn: boolean;
  readonly isSignedIn: boolean;
}

/**
 * Who may see everything, and do something: a program that sends HTTP_TOKEN with each request, or a browser that was given it once. Nobody,
 * where there is no token.
 */
export class Access {
  readonly #sessions = new Sessions();
  readonly #tokens: TokenCheck | undefined;

  constructor(token: Secret | undefined) {
    this.#tokens = token === undefined ? undefined : new TokenCheck(token);
  }

  get canSignIn(): boolean {
    return this.#tokens !== undefined;
  }

  /** Whether a browser is signed in, or what a program sends is the token; a wrong one is refused, rather than answered with less. */
  async isSignedIn(context: Context): Promise<boolean | Response> {
    const header = context.req.header('authorization');
    if (header === undefined || this.#tokens === undefined) {
      return this.#sessions.has(getCookie(context, SESSION_COOKIE), Date.now());
    }
    const said = /^Bearer (\S+)$/i.exec(header)?.[1];
    return said !== undefined && await this.#isToken(context, said) || context.text(REFUSAL, 403);
  }

  /** Lets nobody else pass. A form has to come from a page of ours; a page of another site cannot send the header. */
  readonly onlySignedIn: MiddlewareHandler = async (context, next) => {
    const isSignedIn = await this.isSignedIn(context);
    if (isSignedIn !== true) return isSignedIn || context.text(REFUSAL, 403);
    return isProgram(context) ? await next() : await fromOurPages(context, next);
  };

  /** @param refuse answers a wrong token */
  addRoutes(app: Hono, refuse: (context: Context) => Response | Promise<Response>): void {
    app.post('/session', fromOurPages, async (context) => {
      const { token } = await formOf(context);
      if (typeof token !== 'string' || !await this.#isToken(context, token)) return await refuse(context);
      const { id, maxAge } = this.#sessions.open(Date.now());
      setCookie(context, SESSION_COOKIE, id, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge });
      return context.redirect('/', 303);
    });
    app.post('/session/end', fromOurPages, (context) => {
      this.#sessions.end(getCookie(context, SESSION_COOKIE));
      deleteCookie(context, SESSION_COOKIE, { path: '/' });
      return context.redirect('/', 303);
    });
  }

  async #isToken(context: Context, said: string): Promise<boolean> {
    const { address = '' } = getConnInfo(context).remote;
    return await this.#tokens?.isRight(said, address, context.req.raw.signal) ?? false;
  }
}

export function isProgram(context: Context): boolean {
  return context.req.header('authorization') !== undefined;
}

/** The fields of a form; none when it is no form. */
export async function formOf(context: Context): Promise<Record<string, unknown>> {
  return await context.req.parseBody().catch(() => ({}));
}

/** Refuses a form that a page of another site sends. */
export const fromOurPages = csrf({
  // Behind a proxy with TLS the browser's own address begins with https.
  origin: (origin, context) =>
    URL.canParse(origin) && new URL(origin).host === context.req.header('host')?.toLowerCase(),
});
