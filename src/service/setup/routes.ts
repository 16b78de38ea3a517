import type { Context, Hono, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { formOf, fromOurPages } from '../http/access.ts';
import type { SetupDoor } from './door.ts';
import type { WizardReply } from './messages.ts';
import { codePage, TICKED, wizardPage } from './page.ts';

const COOKIE = 'immich_sidecar_setup';

/** The pages of setup. What the wizard asks, and what was answered, is shown to one session only. */
export function addSetup(app: Hono, door: SetupDoor): void {
  const isOurs = (context: Context) => door.has(getCookie(context, COOKIE));
  const onlyOurs: MiddlewareHandler = async (context, next) => {
    if (!isOurs(context)) return context.redirect('/setup', 303);
    return await fromOurPages(context, next);
  };
  const withCode = (context: Context, message?: string) =>
    context.html(codePage(door.code.isVoid(Date.now()), message), message === undefined ? 200 : 403);

  app.get('/setup', async (context) => {
    const { conversation } = door;
    if (!isOurs(context)) return withCode(context);
    if (conversation === undefined) return await begin(context, door);
    const page = await context.html(wizardPage(conversation));
    door.seen();
    return page;
  });
  app.post('/setup/code', fromOurPages, async (context) => {
    const { code, renew } = await formOf(context);
    if (renew === 'yes') {
      const isNew = !door.code.isVoid(Date.now()) || door.code.renew(Date.now());
      return isNew
        ? context.redirect('/setup', 303)
        : withCode(context, 'A code was made a moment ago. Try again in half a minute.');
    }
    const session = typeof code === 'string' ? door.open(code) : undefined;
    if (session === undefined) return withCode(context, 'That is not the code in the log.');
    setCookie(context, COOKIE, session.id, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: session.maxAge });
    return await begin(context, door);
  });
  app.post('/setup/begin', onlyOurs, (context) => begin(context, door));
  app.post('/setup/answer', onlyOurs, async (context) => {
    const form = await formOf(context);
    const reply = replyIn(form);
    if (reply !== undefined) door.conversation?.answer(Number(form['number']), reply);
    await door.conversation?.settled();
    return context.redirect('/setup', 303);
  });
}

async function begin(context: Context, door: SetupDoor): Promise<Response> {
  if (!await door.begin()) return context.redirect('/', 303);
  await door.conversation?.settled();
  return context.redirect('/setup', 303);
}

function replyIn(form: Readonly<Record<string, unknown>>): WizardReply | undefined {
  if (form['do'] === 'back' || form['do'] === 'stop') return { kind: form['do'] };
  if (typeof form['text'] === 'string') return { kind: 'text', text: form['text'] };
  if (form['many'] === 'yes') {
    // Nothing is sent of check boxes of which none is ticked.
    const ticked = form[TICKED];
    return { kind: 'choices', indexes: Array.isArray(ticked) ? ticked.map(Number) : [] };
  }
  if (typeof form['index'] === 'string') return { kind: 'choice', index: Number(form['index']) };
  if (form['answer'] === 'yes' || form['answer'] === 'no') return { kind: 'yes-no', isYes: form['answer'] === 'yes' };
  return undefined;
}
