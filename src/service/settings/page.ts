import { html } from 'hono/html';
import { type Html, subPage } from '../dashboard/frame.ts';
import type {
  FieldView,
  FileDifference,
  SettingsChange,
  SettingsOutcome,
  SettingsView,
  SettingView,
  ShareView,
} from './desk.ts';

/** Everything that can be changed here, with what came of the last change. */
export function settingsPage(view: SettingsView, outcome?: SettingsOutcome): Html {
  return page(
    'Settings',
    html`
      ${outcome === undefined ? '' : resultOf(outcome)}
      ${view.shares.map(shareForm)}
      ${newShareForm(view)}
      ${settingsForm(view.settings)}
      ${fileForm(view.file)}
    `,
  );
}

/** What a change would do, and the question whether it shall. */
export function previewPage(change: SettingsChange, outcome: Extract<SettingsOutcome, { kind: 'fine' }>): Html {
  const { differences, widens, digest } = outcome;
  return page(
    'Save this?',
    html`<section aria-labelledby="preview"><h2 id="preview">Save this?</h2>
${differences.map(difference)}
${
      widens.length === 0 ? html`<p>It applies at once. The old file is kept beside it.</p>` : html`
        <p
          class="note held">With it the program might do more than now (${widens.join(
            ', ',
          )}), so it is written beside the file and changes nothing
        until somebody puts it into place on the console.</p>
      `
    }
<form method="post" action="/settings/save">
<input type="hidden" name="digest" value="${digest}">${hidden(change)}
<button class="first">${widens.length === 0 ? 'Save' : 'Write it beside the file'}</button></form>
<form method="get" action="/settings"><button>Cancel</button></form></section>`,
  );
}

function page(title: string, body: Html): Html {
  return subPage(title, body, 'immich-sidecar: settings');
}

function resultOf(outcome: SettingsOutcome): Html {
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

function shareForm({ name, fields }: ShareView): Html {
  const id = (field: string) => `${name}-${field}`;
  return html`
    <section aria-labelledby="${id('heading')}">
      <h2 id="${id('heading')}">Share ${name}</h2>
      <form class="question" method="post" action="/settings/preview"><input type="hidden" name="kind" value="share">
    <input type="hidden" name="name" value="${name}"><div class="fields">
    ${fields.map((field) => fieldOf(field, id(field.field)))}</div><button class="first">Preview</button></form>
    </section>
  `;
}

/** Whose photos, for whom, and what; where they lie only where there is no share to go by. */
function newShareForm({ newShare, shares }: SettingsView): Html {
  const heading = html`<h2 id="new-share">Add a share</h2>`;
  if ('why' in newShare) {
    return html`<section aria-labelledby="new-share">${heading}<p>${newShare.why}</p></section>`;
  }
  const { name, fields, like = shares[0]?.name ?? '' } = newShare;
  const rest = fields.filter((one) => !isUsual(one));
  const field = (one: FieldView) => fieldOf(one, `new-${one.field}`);
  return html`
    <section aria-labelledby="new-share">
      ${heading}
      <p>What is left empty is as in the share that it is like; its files then lie beside those of that one, in the same library. Another receiver needs an
      external library of their own, which <code>immich-sidecar setup</code> makes.</p>
      <form class="question" method="post" action="/settings/preview"><input type="hidden" name="kind" value="new-share"><div class="fields">
    <p><label for="new-name">name</label><input id="new-name" name="name" value="${name}" required maxlength="64" spellcheck="false"
      aria-describedby="new-name-help"><small id="new-name-help">What logs and commands call it.</small></p>
    <p><label for="new-like">like</label><select id="new-like" name="like">${[...shares.map((share) => share.name), '']
      .map((one) =>
        html`<option value="${one}" ${one === like ? 'selected' : ''}>${one === '' ? 'no other share' : one}</option>`
      )}</select></p>
    ${fields.filter(isUsual).map(field)}</div>
    <details ${rest.some(({ value }) => value !== '') ? 'open' : ''}><summary>Other users, places and limits</summary>
    <div class="fields">${rest.map(field)}</div></details><button class="first">Preview</button></form>
    </section>
  `;
}

/** What most people choose by. */
function isUsual({ field }: FieldView): boolean {
  return field.startsWith('select.') && field !== 'select.people_match';
}

function fieldOf({ field, description, value, isList }: FieldView, id: string): Html {
  const rows = Math.max(value.split('\n').length, 1);
  return html`<p><label for="${id}">${field}</label>${
    isList
      ? html`
        <textarea id="${id}" name="field.${field}" rows="${rows}" spellcheck="false"
          aria-describedby="${id}-help">${value}</textarea>
      `
      : html`
        <input id="${id}" name="field.${field}" value="${value}" spellcheck="false"
          aria-describedby="${id}-help">
      `
  }<small id="${id}-help">${description}${isList ? ' One on a line.' : ''}</small></p>`;
}

function settingsForm(settings: readonly SettingView[]): Html {
  return html`
    <section aria-labelledby="settings">
      <h2 id="settings">For all shares</h2>
      <form class="question" method="post"
        action="/settings/preview"><input type="hidden" name="kind" value="settings"><div class="fields">
    ${settings.map(({ name, description, value, otherwise, place, isFixed }) =>
      html`<p><label for="${name}">${name}</label><input id="${name}" name="field.${name}" value="${value}" placeholder="${otherwise}" spellcheck="false"
aria-describedby="${name}-help" ${isFixed ? 'disabled' : ''}><small id="${name}-help">${description} ${
        place === undefined
          ? ''
          : isFixed
          ? 'It is set in the environment, and can only be changed there.'
          : `It is set in ${place}.`
      }</small></p>`
    )}</div><button class="first">Preview</button></form>
    </section>
  `;
}

function fileForm(file: SettingsView['file']): Html {
  return html`<section aria-labelledby="file"><h2 id="file">The whole file</h2>${
    'why' in file
      ? html`<p>${file.why}</p>`
      : html`<form class="question" method="post" action="/settings/preview"><input type="hidden" name="kind" value="file">
<label for="text">${file.path}, with dots in the place of secrets, which stay as they are</label>
<textarea id="text" name="text" class="file" rows="20" spellcheck="false" wrap="off">
${file.text}</textarea><button class="first">Preview</button></form>`
  }</section>`;
}

const SIGNS = { same: ' ', added: '+', removed: '-' } as const;

function difference({ path, lines }: FileDifference): Html {
  return html`
    <h3>${path}</h3>
    <pre class="difference" tabindex="0" role="region" aria-label="What changes">${lines.map(({ kind, text }) =>
      html`<span class="${kind}">${SIGNS[kind]} ${text}
</span>`
    )}</pre>
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
    Object.entries(change.fields).map(([field, value]) =>
      html`<textarea name="field.${field}" hidden aria-label="${field}">
${value}</textarea>`
    )
  }`;
}
