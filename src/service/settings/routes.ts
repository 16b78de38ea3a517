import type { Hono } from 'hono';
import { type Access, formOf, isProgram } from '../http/access.ts';
import type { Html } from '../dashboard/frame.ts';
import type { SettingsChange, SettingsDesk, SettingsOutcome, ShareView } from './desk.ts';
import { FIELD, TICKED_FIELD } from './fields.ts';
import { albumsPage, newSharePage, previewPage, settingsPage, sharePage } from './page.ts';

/** The pages on which somebody who is signed in changes the configuration. */
export function addSettings(app: Hono, desk: SettingsDesk, access: Access): void {
  const pages: Readonly<Record<string, (query: (name: string) => string) => Promise<Html>>> = {
    '/settings': () => Promise.resolve(settingsPage(desk.read())),
    '/settings/share': async (query) => {
      const view = await desk.share(query('name'));
      return view === undefined ? settingsPage(desk.read()) : sharePage(view);
    },
    '/settings/new': async (query) => newSharePage(await desk.newShare(query('like'), query('owner').trim())),
    '/settings/albums': async () => albumsPage(await desk.sharedAlbums()),
  };
  for (const [path, page] of Object.entries(pages)) {
    app.get(path, async (context) => {
      if (await access.isSignedIn(context) !== true) return context.redirect('/', 303);
      return context.html(await page((name) => context.req.query(name) ?? ''));
    });
  }
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
    const page = outcome.kind === 'wrong' ? await withTyped(desk, change, outcome) : settingsPage(desk.read(), outcome);
    return context.html(page, status);
  });
}

/** What is wrong can be corrected where it was typed. */
async function withTyped(desk: SettingsDesk, change: SettingsChange, outcome: SettingsOutcome): Promise<Html> {
  const view = desk.read();
  switch (change.kind) {
    case 'file':
      return settingsPage('text' in view.file ? { ...view, file: { ...view.file, text: change.text } } : view, outcome);
    case 'settings': {
      const settings = view.settings.map((one) => ({ ...one, value: change.fields[one.name] ?? one.value }));
      return settingsPage({ ...view, settings }, outcome);
    }
    case 'notifications': {
      const { notifications } = view;
      const added = change.fields['add'] ?? '';
      return settingsPage(
        { ...view, notifications: 'why' in notifications ? notifications : { ...notifications, added } },
        outcome,
      );
    }
    case 'albums':
      return albumsPage(typedInto(await desk.sharedAlbums(), change.fields), outcome);
    case 'new-share': {
      const { name, like, fields } = change;
      const page = await desk.newShare(like, fields['source'] ?? '');
      return newSharePage({ ...typedInto(page, fields), name, like }, outcome);
    }
    case 'remove-share':
    case 'remove-albums':
      return settingsPage(view, outcome);
    case 'share': {
      const page = await desk.share(change.name);
      return page === undefined ? settingsPage(view, outcome) : sharePage(typedInto(page, change.fields), outcome);
    }
  }
}

function typedInto<V extends ShareView>(view: V, fields: Readonly<Record<string, string>>): V {
  return { ...view, fields: view.fields.map((one) => ({ ...one, value: fields[one.field] ?? one.value })) };
}

function changeIn(form: Readonly<Record<string, unknown>>): SettingsChange | undefined {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(form)) {
    if (name.startsWith(FIELD) && typeof value === 'string') {
      fields[name.slice(FIELD.length)] ??= value.replaceAll('\r\n', '\n');
    }
    if (name.startsWith(TICKED_FIELD) && name.endsWith('[]') && Array.isArray(value)) {
      fields[name.slice(TICKED_FIELD.length, -'[]'.length)] = value.filter((one) => typeof one === 'string').join('\n');
    }
  }
  const { kind, name, like, text } = form;
  if (kind === 'share' && typeof name === 'string') return { kind, name, fields };
  if (kind === 'remove-share' && typeof name === 'string') return { kind, name };
  if (kind === 'remove-albums') return { kind };
  if (kind === 'new-share' && typeof name === 'string') {
    return { kind, name, like: typeof like === 'string' ? like : '', fields };
  }
  if (kind === 'albums' || kind === 'settings' || kind === 'notifications') return { kind, fields };
  if (kind === 'file' && typeof text === 'string') return { kind, text: text.replaceAll('\r\n', '\n') };
  return undefined;
}
