import { html } from 'hono/html';
import { type Html, subPage } from '../dashboard/frame.ts';
import type {
  FieldView,
  FileDifference,
  NewShareView,
  PlainLine,
  SettingsChange,
  SettingsOutcome,
  SettingsView,
  SettingView,
  ShareSummary,
  ShareView,
} from './desk.ts';
import { FIELD, renderField, TICKED_FIELD } from './fields.ts';

/** Everything that can be changed here, with what came of the last change. */
export function settingsPage(view: SettingsView, outcome?: SettingsOutcome): Html {
  return page(
    'Settings',
    html`
      ${resultOf(outcome)}
      ${view.shares.map(shareSection)}
      ${newShareSection(view)}
      ${albumsSection(view.sharedAlbums)}
      ${notificationsForm(view.notifications)}
      ${settingsForm(view.settings)}
      ${fileForm(view.file)}
    `,
  );
}

/** One share, with lists to choose from. */
export function sharePage(view: ShareView, outcome?: SettingsOutcome): Html {
  const { name, fields } = view;
  return formPage(
    `Share ${name}`,
    view,
    { kind: 'share', name },
    html`<div class="fields">${fields.map(field)}</div>`,
    outcome,
  );
}

/** Whose photos, for whom, and what; where they lie only where there is no share to go by. */
export function newSharePage(view: NewShareView, outcome?: SettingsOutcome): Html {
  const { name, fields, like } = view;
  const rest = fields.filter((one) => !isUsual(one));
  return formPage(
    'Add a share',
    view,
    { kind: 'new-share', like },
    html`
      <p>${like === ''
        ? 'It needs an'
        : html`What is left empty is as in the share <strong>${like}</strong>; its files then lie beside those of that one, in the same library. Another
      receiver needs an`} external library of their own, which <code>immich-sidecar setup</code> makes.</p>
      <div class="fields">
          <p><label for="new-name">Name</label><input id="new-name" name="name" value="${name}" required maxlength="64" spellcheck="false"
            aria-describedby="new-name-help"><small id="new-name-help">What logs and commands call it.</small></p>
          ${fields.filter(isUsual).map(field)}</div>
      <details ${rest.some(({ value }) => value !== '') ? 'open' : ''}>
        <summary>Other users, places and limits</summary>
        <div class="fields">${rest.map(field)}</div>
      </details>
    `,
    outcome,
  );
}

/** Which albums that users share with one another reach their members. */
export function albumsPage(view: ShareView, outcome?: SettingsOutcome): Html {
  return formPage(
    'Shared albums',
    view,
    { kind: 'albums' },
    html`<div class="fields">${view.fields.map(field)}</div>`,
    outcome,
  );
}

/** What a change would do, and the question whether it shall. */
export function previewPage(change: SettingsChange, outcome: Extract<SettingsOutcome, { kind: 'fine' }>): Html {
  const { differences, widens, leadsTo, digest } = outcome;
  const isRemoval = change.kind === 'remove-share' || change.kind === 'remove-albums';
  const question = change.kind === 'remove-share'
    ? `Remove the share ${change.name}?`
    : isRemoval
    ? 'Remove shared albums?'
    : 'Save this?';
  const [kind, yes] = widens.length > 0
    ? ['first', 'Write it beside the file']
    : isRemoval
    ? ['danger', 'Yes, remove it']
    : ['first', 'Save'];
  return page(
    question,
    html`<section aria-labelledby="preview"><h2 id="preview">${question}</h2>
${leadsTo.map((sentence) => html`<p>${sentence}</p>`)}
${differences.map(difference)}
${
      widens.length === 0
        ? html`<p>It applies at once. The old file is kept beside it.</p>`
        : html`<p class="note held">${howItWaits(widens)}</p>`
    }
<form method="post" action="/settings/save">
<input type="hidden" name="digest" value="${digest}">${hidden(change)}
<button class="${kind}">${yes}</button></form>
<form method="get" action="/settings"><button>Cancel</button></form></section>`,
  );
}

function howItWaits(widens: readonly string[]): string {
  return `With it the program might do more than now (${
    widens.join(', ')
  }), so it is written beside the file and changes nothing until somebody puts it into place on the console.`;
}

function page(title: string, body: Html): Html {
  return subPage(title, body, 'immich-sidecar: settings');
}

/** A page with one form, which is looked at before anything is saved. */
function formPage(
  title: string,
  { noLists }: ShareView,
  given: Readonly<Record<string, string>>,
  fields: Html,
  outcome: SettingsOutcome | undefined,
): Html {
  return page(
    title,
    html`
        ${resultOf(outcome)}
        <section aria-labelledby="form">
          <h2 id="form">${title}</h2>
          ${noLists === undefined
            ? ''
            : html`<p class="note held">Nothing can be chosen from lists now, so names are typed. ${noLists}</p>`}
          <form class="question" method="post" action="/settings/preview">
      ${Object.entries(given).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
      ${fields}<button class="first">Preview</button></form>
          <form method="get" action="/settings"><button>Cancel</button></form>
        </section>
    `,
  );
}

function resultOf(outcome: SettingsOutcome | undefined): Html | string {
  if (outcome === undefined) return '';
  const section = (kind: string, content: Html | string) =>
    html`
      <section class="message" role="status" aria-label="Message">
        <div class="note ${kind}">${content}</div>
      </section>
    `;
  switch (outcome.kind) {
    case 'wrong':
      return section(
        'bad',
        html`
          <p>Nothing was changed:</p>
          <ul>${outcome.problems.map((one) => html`<li>${one}</li>`)}</ul>
        `,
      );
    case 'saved':
      return section(
        'good',
        html`<p>Saved. It applies now.</p>${
          outcome.kept.length === 0 ? '' : html`<p>The old file is kept: ${outcome.kept.join(', ')}</p>`
        }`,
      );
    case 'staged':
      return section(
        'held',
        html`<p>Written beside the file; nothing has changed. On the console, this puts it into place, and starting again, or SIGHUP, has
it taken up:</p>${outcome.commands.map((one) => html`<p><code>${one}</code></p>`)}`,
      );
    case 'nothing':
    case 'fine':
      return section('', html`<p>That is how it is already.</p>`);
  }
}

function shareSection({ name, said }: ShareSummary): Html {
  const id = `share-${name}`;
  return html`
    <section aria-labelledby="${id}">
      <h2 id="${id}">Share ${name}</h2>
      ${summary(said)}
      <form method="get" action="/settings/share">
        <input type="hidden" name="name" value="${name}"><button aria-label="Change the share ${name}">Change</button>
      </form>
      ${removalForm(`Remove the share ${name}`, { kind: 'remove-share', name })}
    </section>
  `;
}

/** Nothing is removed before what it leads to was shown. */
function removalForm(label: string, change: Readonly<Record<string, string>>): Html {
  return html`<form method="post" action="/settings/preview">${
    Object.entries(change).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  }<button aria-label="${label}">Remove</button></form>`;
}

function summary(said: readonly PlainLine[]): Html | string {
  return said.length === 0 ? '' : html`<dl class="said">${
    said.map(({ label, value }) =>
      html`
        <dt>${label}</dt>
        <dd>${value}</dd>
      `
    )
  }</dl>`;
}

function newShareSection({ noNewShare, shares }: SettingsView): Html {
  return html`
    <section aria-labelledby="new-share">
      <h2 id="new-share">Add a share</h2>
      ${noNewShare !== undefined ? html`<p>${noNewShare}</p>` : html`
        <form class="question" method="get" action="/settings/new"><div class="fields">
        <p><label for="new-like">Like</label><select id="new-like" name="like" aria-describedby="new-like-help">${[
          ...shares.map((share) => share.name),
          '',
        ].map((one) =>
          html`<option value="${one}">${one === '' ? 'no other share' : one}</option>`
        )}</select><small id="new-like-help">It has the users and the library of that one.</small></p>
        <p><label for="new-owner">Owner</label><input id="new-owner" name="owner" spellcheck="false" aria-describedby="new-owner-help">
          <small id="new-owner-help">Whose photos, by e-mail or name; empty: as in that share.</small></p></div><button>Choose photos</button></form>
      `}
    </section>
  `;
}

function albumsSection(said: SettingsView['sharedAlbums']): Html {
  const why = 'why' in said ? said.why : undefined;
  const lines = 'why' in said ? [] : said;
  return html`
    <section aria-labelledby="albums">
      <h2 id="albums">Shared albums</h2>
      <p>${why ??
        (lines.length > 0
          ? 'What users share with one another reaches the members as photos of their own.'
          : 'Albums that users share with one another do not reach the members as photos of their own.')}</p>
      ${summary(lines)}
      ${why !== undefined ? '' : html`
        <form method="get" action="/settings/albums"><button aria-label="Change shared albums">Change</button></form>
        ${lines.length === 0 ? '' : removalForm('Remove shared albums', { kind: 'remove-albums' })}
      `}
    </section>
  `;
}

/** What most people choose by. */
function isUsual({ field }: FieldView): boolean {
  return field.startsWith('select.') && field !== 'select.people_match';
}

function field(view: FieldView): Html {
  return renderField(view, `field-${view.field}`);
}

function notificationsForm(view: SettingsView['notifications']): Html {
  return html`
    <section aria-labelledby="notifications">
      <h2 id="notifications">Notifications</h2>
      ${'why' in view ? html`<p>${view.why}</p>` : html`
        <form class="question" method="post" action="/settings/preview"><input type="hidden" name="kind" value="notifications">
        ${view.targets.length === 0
          ? html`<p>Nobody is told of anything.</p>`
          : html`<fieldset><legend>Who is told</legend>
    <input type="hidden" name="${FIELD}keep" value="">${
            view.targets.map(({ label, value }, at) =>
              html`
                <label
                  class="option"><input type="checkbox" name="${TICKED_FIELD}keep[]" value="${at}" checked><span>${label}<small>${value}</small></span></label>
              `
            )
          }</fieldset>`}
        <div class="fields"><p><label for="notify-add">Add an address</label><input id="notify-add" name="${FIELD}add" value="${view
          .added}" spellcheck="false"
          autocomplete="off" aria-describedby="notify-help"><small id="notify-help">${view
            .description} <code>NOTIFY_URLS</code></small></p></div>
        <button class="first">Preview</button></form>
      `}
    </section>
  `;
}

function settingsForm(settings: readonly SettingView[]): Html {
  return html`
    <section aria-labelledby="settings">
      <h2 id="settings">For all shares</h2>
      <form class="question" method="post"
        action="/settings/preview"><input type="hidden" name="kind" value="settings"><div class="fields">
    ${settings.map(({ name, label, description, value, otherwise, place, isFixed }) =>
      html`<p><label for="${name}">${label}</label><input id="${name}" name="${FIELD}${name}" value="${value}" placeholder="${otherwise}" spellcheck="false"
aria-describedby="${name}-help" ${isFixed ? 'disabled' : ''}><small id="${name}-help">${description} ${
        place === undefined
          ? ''
          : isFixed
          ? 'It is set in the environment, and can only be changed there.'
          : `It is set in ${place}.`
      } <code>${name}</code></small></p>`
    )}</div><button class="first">Preview</button></form>
    </section>
  `;
}

function fileForm(file: SettingsView['file']): Html {
  return html`<section aria-labelledby="file"><h2 id="file">The whole file</h2>${
    'why' in file ? html`<p>${file.why}</p>` : html`
      <form class="question" method="post" action="/settings/preview"><input type="hidden" name="kind" value="file">
      <label for="text">${file.path}, with dots in the place of secrets, which stay as they are</label>
      ${textOfFile(file.text)}<button class="first">Preview</button></form>
      <details>
        <summary>What the keys mean</summary>
        <dl class="said">${file.keys.map(({ label, value }) =>
          html`
            <dt><code>${value}</code></dt>
            <dd>${label}</dd>
          `
        )}</dl>
      </details>
    `
  }</section>`;
}

/** A browser leaves out the first line break, and nothing else may stand before the text. */
function textOfFile(text: string): Html {
  return html`<textarea id="text" name="text" class="file" rows="20" spellcheck="false" wrap="off">${'\n'}${text}</textarea>`;
}

const SIGNS = { same: ' ', added: '+', removed: '-' } as const;

function difference({ path, lines, secrets }: FileDifference): Html {
  return html`
    <h3>${path}</h3>
    ${lines.length === 0
      ? ''
      : html`<pre class="difference" tabindex="0" role="region" aria-label="What changes">${
        lines.map(({ kind, text }) =>
          html`<span class="${kind}">${SIGNS[kind]} ${text}
</span>`
        )
      }</pre>`}
    ${secrets.map((label) => html`<p>${label}: changed, and not shown, as it is a secret.</p>`)}
  `;
}

/** The change itself, to be sent again. */
function hidden(change: SettingsChange): Html {
  const input = (name: string, value: string) => html`<input type="hidden" name="${name}" value="${value}">`;
  if (change.kind === 'file') {
    return html`${input('kind', 'file')}<textarea name="text" hidden aria-label="The file">
${change.text}</textarea>`;
  }
  return html`${input('kind', change.kind)}${'name' in change ? input('name', change.name) : ''}${
    'like' in change ? input('like', change.like) : ''
  }${
    Object.entries('fields' in change ? change.fields : {}).map(([name, value]) =>
      html`<textarea name="${FIELD}${name}" hidden aria-label="${name}">
${value}</textarea>`
    )
  }`;
}
