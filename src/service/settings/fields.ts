import { html } from 'hono/html';
import type { Html } from '../dashboard/frame.ts';
import type { FieldOption, FieldView } from './desk.ts';

/** How the names of fields begin that hold a value, and of those that are ticked in a list. */
export const FIELD = 'field.';
export const TICKED_FIELD = 'ticked.';

/** A field of a form: a list to tick in, a few words to choose from, or what can be typed. */
export function renderField(view: FieldView, id: string): Html {
  const { field, label, description, value, isList, options } = view;
  const name = `${FIELD}${field}`;
  const isKey = !field.endsWith('.mode');
  const help = html`<small id="${id}-help">${description}${isList && options === undefined ? ' One on a line.' : ''}${
    isKey
      ? html`
        <code>${field}</code>
      `
      : ''
  }</small>`;
  if (options !== undefined && isList) {
    // An empty list is sent as well.
    return html`<fieldset class="wide" aria-describedby="${id}-help"><legend>${label}</legend>${help}
<input type="hidden" name="${name}" value="">${checkBoxes(view, options)}</fieldset>`;
  }
  const input = options !== undefined ? select(view, options, id) : isList
    ? html`
      <textarea id="${id}" name="${name}" rows="${Math.max(value.split('\n').length, 1)}" spellcheck="false"
        aria-describedby="${id}-help">${value}</textarea>
    `
    : html`
      <input id="${id}" name="${name}" value="${value}" spellcheck="false" aria-describedby="${id}-help">
    `;
  return html`<p><label for="${id}">${label}</label>${input}${help}</p>`;
}

function checkBoxes({ field, value }: FieldView, options: readonly FieldOption[]): Html {
  if (options.length === 0) return html`<p><small>There is none in Immich.</small></p>`;
  const chosen = new Set(value.split('\n'));
  return html`<div class="scroll">${
    options.map((option) =>
      html`
        <label
          class="option"><input type="checkbox" name="${TICKED_FIELD}${field}[]" value="${option
            .value}" ${chosen.has(option.value) ? 'checked' : ''}><span>${option.label}${hintOf(option)}</span></label>
      `
    )
  }</div>`;
}

function hintOf({ hint }: FieldOption): Html | string {
  return hint === undefined ? '' : html`
    <small>${hint}</small>
  `;
}

function select({ field, value, isSure }: FieldView, options: readonly FieldOption[], id: string): Html {
  const isKnown = options.some((option) => option.value === value);
  const all = [
    ...isSure === true ? [] : [{ value: '', label: 'as usual' }],
    ...isKnown || value === '' ? [] : [{ value, label: value }],
    ...options,
  ];
  return html`<select id="${id}" name="${FIELD}${field}" aria-describedby="${id}-help">${
    all.map((option: FieldOption) =>
      html`<option value="${option.value}" ${option.value === value ? 'selected' : ''}>${option.label}${
        option.hint === undefined ? '' : ` (${option.hint})`
      }</option>`
    )
  }</select>`;
}
