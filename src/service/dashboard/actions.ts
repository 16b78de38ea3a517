import { html } from 'hono/html';
import type { Snapshot } from '../snapshot.ts';
import type { Html } from './frame.ts';

/** What somebody may do who is signed in; to others, the form by which they sign in. */
export function actionsOfPage(
  snapshot: Snapshot,
  { canSignIn, isSignedIn, hasSettings }: {
    readonly canSignIn: boolean;
    readonly isSignedIn: boolean;
    readonly hasSettings?: boolean;
  },
): Html | string {
  if (!canSignIn) return snapshot.phase === 'unconfigured' ? '' : NO_TOKEN;
  return html`<section aria-labelledby="actions"><h2 id="actions">Actions</h2>
${
    isSignedIn
      ? html`<div class="buttons">${buttonsFor(snapshot)}
${hasSettings === true ? link('/settings', 'Settings') : ''}
${button('/session/end', 'Sign out')}</div>`
      : html`
        <form method="post" action="/session"><label for="token">The HTTP_TOKEN of the configuration</label>
        <input id="token" name="token" type="password" autocomplete="current-password" required><button>Sign in</button></form>
      `
  }</section>`;
}

const NO_TOKEN = html`
  <section aria-labelledby="actions">
    <h2 id="actions">Actions</h2>
    <p>This page only shows counts, as <code>HTTP_TOKEN</code> is not set. Write one into <code>.env</code> (12 or more letters and digits that nobody can guess) and start the service again:
  then you can sign in here, see which photos wait or failed, share now, pause, undo, and change settings.</p>
  </section>
`;

function buttonsFor({ jobs, write, notified, pausedSince, phase }: Snapshot): (Html | string)[] {
  if (phase === 'unconfigured') return [];
  const isPaused = pausedSince !== undefined;
  return [
    isPaused ? html`<form method="post" action="/actions/resume"><button class="first">Resume</button></form>` : '',
    jobs.length === 0 || isPaused ? '' : button('/actions/run', 'Share now'),
    jobs.length === 0 ? '' : button('/actions/dry-run', 'Preview'),
    write === undefined || isPaused ? '' : button('/actions/write', 'Write now'),
    write === undefined ? '' : link('/undo', 'Undo last write'),
    isPaused ? '' : button('/actions/pause', 'Pause'),
    notified === 0 ? '' : button('/actions/notify', 'Send a test message'),
  ];
}

function button(action: string, label: string): Html {
  return html`<form method="post" action="${action}"><button>${label}</button></form>`;
}

function link(action: string, label: string): Html {
  return html`<form method="get" action="${action}"><button>${label}</button></form>`;
}
