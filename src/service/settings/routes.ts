import type { Hono } from 'hono';
import { type Access, formOf, isProgram } from '../http/access.ts';
import type { SettingsChange, SettingsDesk, SettingsOutcome } from './desk.ts';
import { previewPage, settingsPage } from './page.ts';

/** The pages on which somebody who is signed in changes the configuration. */
export function addSettings(app: Hono, desk: SettingsDesk, access: Access): void {
  app.get('/settings', async (context) => {
    const isSignedIn = await access.isSignedIn(context);
    return isSignedIn === true ? context.html(settingsPage(desk.read())) : context.redirect('/', 303);
  });
  app.post('/settings/:name{preview|save}', access.onlySignedIn, async (context) => {
    const form = await formOf(context);
    const change = changeIn(form);
    if (change === undefined) return context.text('That is no change of the settings.\n', 400);
    const { digest } = form;
    const outcome = context.req.param('name') === 'save'
      ? await desk.save(change, typeof digest === 'string' ? digest : '')
      : await desk.preview(change);
    const status = outcome.kind === 'wrong' ? 422 : 200;
    if (isProgram(context)) return context.json(outcome, status);
    if (outcome.kind === 'fine') return context.html(previewPage(change, outcome));
    return context.html(settingsPage(withTyped(desk, change, outcome), outcome), status);
  });
}

/** What is wrong can be corrected where it was typed. */
function withTyped(desk: SettingsDesk, change: SettingsChange, outcome: SettingsOutcome) {
  const view = desk.read();
  if (outcome.kind !== 'wrong') return view;
  switch (change.kind) {
    case 'file':
      return 'text' in view.file ? { ...view, file: { ...view.file, text: change.text } } : view;
    case 'settings':
      return {
        ...view,
        settings: view.settings.map((one) => ({ ...one, value: change.fields[one.name] ?? one.value })),
      };
    case 'new-share':
      return 'why' in view.newShare ? view : {
        ...view,
        newShare: {
          name: change.name,
          like: change.like,
          fields: view.newShare.fields.map((one) => ({ ...one, value: change.fields[one.field] ?? '' })),
        },
      };
    case 'share':
      return {
        ...view,
        shares: view.shares.map((share) =>
          share.name === change.name
            ? {
              ...share,
              fields: share.fields.map((one) => ({ ...one, value: change.fields[one.field] ?? one.value })),
            }
            : share
        ),
      };
  }
}

function changeIn(form: Readonly<Record<string, unknown>>): SettingsChange | undefined {
  const fields = Object.fromEntries(
    Object.entries(form).flatMap(([name, value]) =>
      name.startsWith('field.') && typeof value === 'string'
        ? [[name.slice('field.'.length), value.replaceAll('\r\n', '\n')]]
        : []
    ),
  );
  const { kind, name, like, text } = form;
  if (kind === 'share' && typeof name === 'string') return { kind, name, fields };
  if (kind === 'new-share' && typeof name === 'string') {
    return { kind, name, like: typeof like === 'string' ? like : '', fields };
  }
  if (kind === 'settings') return { kind, fields };
  if (kind === 'file' && typeof text === 'string') return { kind, text: text.replaceAll('\r\n', '\n') };
  return undefined;
}
